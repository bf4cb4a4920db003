"""Fingerprints that decide whether a finished case may be left alone."""

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path

from plexus_mri import __version__
from plexus_mri.errors import InputError
from plexus_mri.reasons import ReasonCode
from plexus_mri.settings import Settings, settings_to_mapping


def recipe_sha256(settings: Settings, files: Iterable[Path | None], *stated: object) -> str:
    """SHA-256 over all that shapes a result besides the image.

    Parameters
    ----------
    settings
        The settings in force.
    files
        Mask and label table of the user, None where absent.
    stated
        What the user vouches for, e.g. the orientation.
    """
    recipe = {
        "version": __version__,
        "settings": settings_to_mapping(settings),
        "files": [None if path is None else file_sha256(path) for path in files],
        "stated": [str(item) for item in stated],
    }
    return hashlib.sha256(json.dumps(recipe, sort_keys=True).encode()).hexdigest()


def file_sha256(path: Path) -> str:
    """SHA-256 of a file's bytes.

    Raises
    ------
    InputError
        When the file is missing or cannot be read.
    """
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        msg = f"'{path.name}' does not exist or cannot be read"
        raise InputError(msg, ReasonCode.INPUT_MISSING) from error
