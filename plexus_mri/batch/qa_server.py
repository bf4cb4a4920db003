"""The study's pages on this machine alone, with ratings saved straight into the study.

Every address begins with a token that only who started the server knows; nothing but pages
inside the output folder is given out.
"""

import json
import logging
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

from plexus_mri.batch.ratings import add_ratings, study_ratings
from plexus_mri.errors import InputError, OutputError, PlexusError
from plexus_mri.io.ratings import rating_from_row, rating_row, rows_of
from plexus_mri.reasons import ReasonCode

logger = logging.getLogger(__name__)
HOST = "127.0.0.1"
_LARGEST_BODY = 2_000_000
_RATINGS = "ratings"


@dataclass(frozen=True)
class QaServer:
    """A running server: its address for the browser, and how to serve and stop."""

    address: str
    serve: Callable[[], None]
    stop: Callable[[], None]


def open_server(out: Path, port: int = 0) -> QaServer:
    """Server of a study's pages, bound to the loopback address; port 0 takes a free one.

    Raises
    ------
    InputError
        When the folder holds no study page.
    OutputError
        When the port cannot be taken.
    """
    if not (out / "index.html").is_file():
        msg = f"'{out}' holds no index.html; measure first, or make it with 'report'"
        raise InputError(msg, ReasonCode.INPUT_MISSING)
    try:
        server = _StudyServer(out, port)
    except OSError as error:
        msg = f"port {port} cannot be used ({error.strerror}); choose another with --port"
        raise OutputError(msg) from error
    address = f"http://{HOST}:{server.server_port}/{server.token}/index.html"

    def stop() -> None:
        server.shutdown()
        server.server_close()

    return QaServer(address, server.serve_forever, stop)


class _StudyServer(ThreadingHTTPServer):
    """Server of one study on the loopback address."""

    daemon_threads = True

    def __init__(self, out: Path, port: int) -> None:
        super().__init__((HOST, port), _Handler)
        self.out = out.resolve()
        self.token = secrets.token_urlsafe(24)


class _Handler(BaseHTTPRequestHandler):
    """Answers one request."""

    server: _StudyServer

    server_version = "plexus-mri"
    sys_version = ""
    timeout = 30

    def do_GET(self) -> None:
        """Give a page, or the ratings of the study."""
        name = self._name()
        if name is None:
            self._answer(HTTPStatus.FORBIDDEN, b"the address lacks its token", "text/plain")
        elif name == _RATINGS:
            rows = [rating_row(rating) for rating in study_ratings(self.server.out).ratings]
            body = json.dumps({"ratings": rows}).encode()
            self._answer(HTTPStatus.OK, body, "application/json")
        elif (page := _page(self.server.out, name)) is None:
            self._answer(HTTPStatus.NOT_FOUND, b"no such page", "text/plain")
        else:
            self._answer(HTTPStatus.OK, page.read_bytes(), "text/html; charset=utf-8")

    def do_POST(self) -> None:
        """Take ratings into the study."""
        if self._name() != _RATINGS or not self._from_our_page():
            self._answer(HTTPStatus.FORBIDDEN, b"not from this study's page", "text/plain")
            return
        try:
            words = _take(self.server.out, self._body())
            self._answer(HTTPStatus.OK, words.encode(), "text/plain")
        except PlexusError as error:
            self._answer(HTTPStatus.BAD_REQUEST, str(error).encode(), "text/plain")

    def log_message(self, format: str, *_: object) -> None:  # noqa: A002  (its name there)
        """Log without addresses: they hold the token."""
        logger.debug("%s", format)

    def _name(self) -> str | None:
        """What is asked for behind the token; None without the token or for another host."""
        host = self.headers.get("Host", "")
        if host not in {
            f"{HOST}:{self.server.server_port}",
            f"localhost:{self.server.server_port}",
        }:
            return None
        first, _, rest = unquote(urlsplit(self.path).path).lstrip("/").partition("/")
        return rest if secrets.compare_digest(first.encode(), self.server.token.encode()) else None

    def _from_our_page(self) -> bool:
        origins = {f"http://{name}:{self.server.server_port}" for name in (HOST, "localhost")}
        kind = self.headers.get("Content-Type", "")
        return self.headers.get("Origin") in origins and kind == "application/json"

    def _body(self) -> bytes:
        length = self.headers.get("Content-Length", "")
        if not length.isdecimal() or int(length) > _LARGEST_BODY:
            msg = f"a rating may hold {_LARGEST_BODY} bytes, got '{length:.20}'"
            raise InputError(msg, ReasonCode.INPUT_UNREADABLE)
        return self.rfile.read(int(length))

    def _answer(self, status: HTTPStatus, body: bytes, kind: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Referrer-Policy", "no-referrer")
        self.send_header("X-Frame-Options", "DENY")
        self.end_headers()
        self.wfile.write(body)


def _page(out: Path, name: str) -> Path | None:
    """Page of that name directly in the study's folder; nothing else is given out."""
    if "/" in name or "\\" in name or not name.endswith(".html"):
        return None
    path = (out / name).resolve()
    return path if path.parent == out and path.is_file() else None


def _take(out: Path, body: bytes) -> str:
    try:
        content = json.loads(body)
    except ValueError as error:
        raise InputError("the rating is no JSON", ReasonCode.INPUT_UNREADABLE) from error
    rows = rows_of(content, "what was sent")
    ratings = [rating_from_row(row, f"rating {k}") for k, row in enumerate(rows, 1)]
    unknown = [r for r in ratings if not (out / f"{_stem(r.case)}.html").is_file()]
    if unknown:
        msg = f"this study has no case {_stem(unknown[0].case)}"
        raise InputError(msg, ReasonCode.INPUT_MISSING)
    add_ratings(out, ratings)
    return f"{len(ratings)} ratings saved"


def _stem(case: tuple[str, str]) -> str:
    return f"sub-{case[0]}" + (f"_ses-{case[1]}" if case[1] else "")
