"""The salt of pseudonyms: secret, kept in the study's own folder, never in a shared output."""

import hashlib
import hmac
import logging
import os
import secrets
from pathlib import Path

from plexus_mri.io.atomic import output_error

logger = logging.getLogger(__name__)

VARIABLE = "PLEXUS_MRI_SALT"
PRIVATE_FOLDER = ".plexus-mri"
_FILE = "salt"
_README = """Keep this folder to yourselves: leave it out when you share the results.
salt        makes the pseudonyms; who has it can prove whose patient ID belongs to which.
headers.gz  what was read of the input's headers; names nobody, and can be removed at any time.
rows.gz     the inventory of the same files; likewise.
Other files let a run go on where the last one ended; without them all is measured again.
"""


def private_folder(out: Path) -> Path:
    """Folder of a study that is not meant to be shared."""
    return out / PRIVATE_FOLDER


def study_salt(source: Path, out: Path | None) -> bytes:
    """Salt of a study: PLEXUS_MRI_SALT, else that of its own folder, else one to be kept there.

    A new salt is made of this user's secret and the place of the input, so that an inventory
    without an output folder names the subjects as a later run does. Sites that must agree on
    pseudonyms set the variable.
    """
    if stated := os.environ.get(VARIABLE):
        return stated.encode()
    kept = private_folder(out) / _FILE if out is not None else None
    if kept is not None and kept.is_file():
        return kept.read_bytes()
    return _new_salt(source)


def keep_salt(out: Path, salt: bytes) -> None:
    """Keep the salt in the study's private folder, unless a variable gives it.

    Raises
    ------
    OutputError
        When it cannot be written.
    """
    path = private_folder(out) / _FILE
    try:
        if salt and VARIABLE not in os.environ and not path.is_file():
            _make_whole(path, salt)
        if path.parent.is_dir():
            path.with_name("README.txt").write_text(_README, encoding="utf-8")
    except OSError as error:
        raise output_error(path, error) from error


def _new_salt(source: Path) -> bytes:
    """Salt of this user for an input; empty when this user's secret cannot be kept."""
    path = _user_file()
    try:
        if not path.exists():
            _make_whole(path, secrets.token_hex(16).encode("ascii"))
        key = path.read_bytes()
    except OSError:
        logger.warning(
            "no salt can be kept for this user; who guesses a patient ID could prove it from "
            "its pseudonym: set %s, or name the subject with --subject",
            VARIABLE,
        )
        return b""
    return hmac.digest(key, os.fsencode(source.resolve()), hashlib.sha256).hex()[:32].encode()


def _user_file() -> Path:
    base = os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
    return Path(base) / "plexus-mri" / "salt"


def _make_whole(path: Path, content: bytes) -> None:
    """Write a secret file unless another program was faster: two may start at the same time."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_name(f"{path.name}-{os.getpid()}")
    draft.touch(mode=0o600)
    draft.write_bytes(content)
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    except OSError:  # a disk without hard links
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
