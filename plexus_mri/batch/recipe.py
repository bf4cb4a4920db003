"""Fingerprints that decide whether a finished case may be left alone."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from pathlib import Path

from plexus_mri import __version__
from plexus_mri.batch.software import code_sha256, software_versions
from plexus_mri.settings import Settings, settings_to_mapping


def recipe_sha256(settings: Settings, files: Iterable[Path | None], stated: object) -> str:
    """SHA-256 over all that shapes a result besides the image's own files.

    Parameters
    ----------
    settings
        The settings in force.
    files
        Mask and label table of the user; None where not given.
    stated
        What else was decided or vouched for, e.g. the orientation.
    """
    recipe = {
        "version": __version__,
        "code": code_sha256(),
        "libraries": software_versions(),
        "settings": settings_to_mapping(settings),
        "files": [None if path is None else files_sha256([path]) for path in files],
        "stated": repr(stated),
    }
    return hashlib.sha256(json.dumps(recipe, sort_keys=True).encode()).hexdigest()


def files_sha256(paths: Sequence[Path]) -> str:
    """SHA-256 over the SHA-256 of each file, whatever their names and order.

    A file that cannot be read counts as such: the case's own process will name it.
    """
    digests = sorted(_digest(path) for path in paths)
    return hashlib.sha256(b"".join(digests)).hexdigest()


def _digest(path: Path) -> bytes:
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").digest()
    except OSError:
        return b"unreadable"
