"""The study's pages on this machine alone, with ratings saved straight into the study.

Every address begins with a token that only who started the server knows; nothing but pages
inside the output folder is given out.
"""

import hashlib
import json
import logging
import secrets
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from email.message import Message
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

from plexus_mri.batch.ratings import add_ratings, study_ratings
from plexus_mri.errors import InputError, OutputError, PlexusError
from plexus_mri.io.ratings import rating_row, ratings_from_json
from plexus_mri.reasons import ReasonCode

logger = logging.getLogger(__name__)
HOST = "127.0.0.1"
_LARGEST_BODY = 2_000_000
_PATIENCE_S = 30
_RATINGS = "ratings"
_FIRST_PORT, _PORTS = 20_000, 10_000  # below the ports that systems give to callers


@dataclass(frozen=True)
class QaServer:
    """A running server: its address for the browser, how to serve and stop, what it saved."""

    address: str
    serve: Callable[[], None]
    stop: Callable[[], None]
    saved: Callable[[], int]


def open_server(out: Path, port: int = 0) -> QaServer:
    """Server of a study's pages, bound to the loopback address.

    Port 0 takes the study's usual one, so that a browser finds its rater and its choices again,
    or a free one when that is taken.

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
        server = _bound(out, port)
    except OSError as error:
        msg = f"port {port} cannot be used ({error.strerror}); choose another with --port"
        raise OutputError(msg) from error
    address = f"http://{HOST}:{server.server_port}/{server.token}/index.html"

    def stop() -> None:
        server.shutdown()
        server.server_close()

    return QaServer(address, server.serve_forever, stop, lambda: server.saved)


def _bound(out: Path, port: int) -> "_StudyServer":
    if port == 0:
        with suppress(OSError):
            return _StudyServer(out, usual_port(out))
    return _StudyServer(out, port)


def usual_port(out: Path) -> int:
    """Port of a study: always the same for one folder."""
    digest = hashlib.sha256(str(out.resolve()).encode("utf-8", errors="replace")).digest()
    return _FIRST_PORT + int.from_bytes(digest[:4]) % _PORTS


class _StudyServer(ThreadingHTTPServer):
    """Server of one study on the loopback address."""

    daemon_threads = True

    def __init__(self, out: Path, port: int) -> None:
        super().__init__((HOST, port), _Handler)
        self.out = out.resolve()
        self.token = secrets.token_urlsafe(24)
        self.saved = 0

    def handle_error(self, *_: object) -> None:
        """Say in the log that a request was dropped: a caller that hangs up is no fault here."""
        logger.debug("a request was dropped: %s", sys.exception())


class _Handler(BaseHTTPRequestHandler):
    """Answers one request."""

    server: _StudyServer

    server_version = "plexus-mri"
    sys_version = ""
    timeout = _PATIENCE_S

    def do_GET(self) -> None:
        """Give a page, or the ratings of the study."""
        name = self._name()
        if name is None:
            self._say(HTTPStatus.FORBIDDEN, "the address lacks its token")
        elif name == _RATINGS:
            self._give_ratings()
        elif (page := _page(self.server.out, name)) is None:
            self._say(HTTPStatus.NOT_FOUND, "no such page")
        else:
            self._answer(HTTPStatus.OK, page, "text/html; charset=utf-8")

    def do_POST(self) -> None:
        """Take ratings into the study."""
        if self._name() != _RATINGS or not self._from_our_page():
            self._say(HTTPStatus.FORBIDDEN, "not from this study's page")
            return
        try:
            count = _take(self.server.out, self._body())
        except PlexusError as error:
            self._say(HTTPStatus.BAD_REQUEST, str(error))
        except TimeoutError:
            self._say(HTTPStatus.REQUEST_TIMEOUT, "the rating did not arrive whole")
        else:
            self.server.saved += count
            self._say(HTTPStatus.OK, f"{count} ratings saved")

    def log_message(self, format: str, *_: object) -> None:  # noqa: A002  (its name there)
        """Log without addresses: they hold the token."""
        logger.debug("%s", format)

    def _give_ratings(self) -> None:
        try:
            rows = [rating_row(rating) for rating in study_ratings(self.server.out).ratings]
        except PlexusError as error:
            self._say(HTTPStatus.INTERNAL_SERVER_ERROR, str(error))
            return
        self._answer(HTTPStatus.OK, json.dumps({"ratings": rows}).encode(), "application/json")

    def _name(self) -> str | None:
        """What is asked for behind the token; None without the token or for another host."""
        host = self.headers.get("Host", "")
        if host not in {
            f"{HOST}:{self.server.server_port}",
            f"localhost:{self.server.server_port}",
        }:
            return None
        first, _, rest = unquote(urlsplit(self.path).path).lstrip("/").partition("/")
        own = self.server.token.encode()
        return rest if secrets.compare_digest(first.encode(errors="replace"), own) else None

    def _from_our_page(self) -> bool:
        origins = {f"http://{name}:{self.server.server_port}" for name in (HOST, "localhost")}
        return self.headers.get("Origin") in origins and _is_json(self.headers)

    def _body(self) -> bytes:
        length = self.headers.get("Content-Length", "")
        digits = len(str(_LARGEST_BODY))
        if not length.isdecimal() or len(length) > digits or int(length) > _LARGEST_BODY:
            msg = f"a rating may hold {_LARGEST_BODY} bytes, got '{length:.20}'"
            raise InputError(msg, ReasonCode.INPUT_UNREADABLE)
        return self.rfile.read(int(length))

    def _say(self, status: HTTPStatus, words: str) -> None:
        self._answer(status, words.encode(errors="replace"), "text/plain; charset=utf-8")

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


def _is_json(headers: Message) -> bool:
    """Whether a request says that it is JSON, with a character set or without."""
    return "Content-Type" in headers and headers.get_content_type() == "application/json"


def _page(out: Path, name: str) -> bytes | None:
    """Page of that name directly in the study's folder; nothing else is given out."""
    if "/" in name or "\\" in name or not name.endswith(".html"):
        return None
    try:
        path = (out / name).resolve()
        return path.read_bytes() if path.parent == out and path.is_file() else None
    except (OSError, ValueError, RuntimeError):  # a name that no file can have, links in a ring
        return None


def _take(out: Path, body: bytes) -> int:
    ratings = ratings_from_json(body, "what was sent")
    unknown = [r for r in ratings if not (out / f"{_stem(r.case)}.html").is_file()]
    if unknown:
        msg = f"this study has no case {_stem(unknown[0].case)}"
        raise InputError(msg, ReasonCode.INPUT_MISSING)
    add_ratings(out, ratings)
    return len(ratings)


def _stem(case: tuple[str, str]) -> str:
    return f"sub-{case[0]}" + (f"_ses-{case[1]}" if case[1] else "")
