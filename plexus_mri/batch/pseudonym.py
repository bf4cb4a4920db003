"""The salt of pseudonyms: secret, the same on every run, never in an output."""

import logging
import os
import secrets
from pathlib import Path

logger = logging.getLogger(__name__)

VARIABLE = "PLEXUS_MRI_SALT"


def pseudonym_salt() -> bytes:
    """Salt of the environment variable PLEXUS_MRI_SALT, else of this user's own file.

    The file is made at its first use. Sites that must agree on pseudonyms set the variable.
    """
    stated = os.environ.get(VARIABLE)
    if stated:
        return stated.encode()
    path = _salt_file()
    try:
        return _read_or_make(path)
    except OSError:
        logger.warning(
            "no salt can be kept for this user; who guesses a patient ID could prove it from "
            "its pseudonym: set %s, or name the subject with --subject",
            VARIABLE,
        )
        return b""


def _salt_file() -> Path:
    base = os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
    return Path(base) / "plexus-mri" / "salt"


def _read_or_make(path: Path) -> bytes:
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        # Made whole under another name first: two programs may start at the same time.
        draft = path.with_name(f"{path.name}-{os.getpid()}")
        draft.touch(mode=0o600)
        draft.write_text(secrets.token_hex(16), encoding="ascii")
        try:
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path.read_bytes()
