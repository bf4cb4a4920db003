"""Versions of what a result depends on."""

import hashlib
import platform
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import plexus_mri
from plexus_mri import __version__
from plexus_mri.core.network import NetworkModel

# Code that no result depends on.
_BESIDE = ("cli", "synthetic", "__pycache__")
_LIBRARIES = ("numpy", "scipy", "nibabel", "pydicom", "highdicom", "SimpleITK", "numba")


def software_versions() -> dict[str, str]:
    """Version by name of this program, Python and the numeric libraries."""
    ours = {"plexus-mri": __version__, "python": platform.python_version()}
    return ours | {name: _version(name) for name in _LIBRARIES}


def versions_with(model: NetworkModel | None) -> dict[str, str]:
    """`software_versions`, and that of the library that runs a network."""
    versions = software_versions()
    if model is not None:
        versions[model.library.words] = _version_if_there(model.library.package)
    return versions


# Asked for at every case; the answer takes milliseconds.
_version = cache(version)


@cache
def _version_if_there(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:  # the workers have it, this machine does not
        return "elsewhere"


@cache
def code_sha256(*parts: str) -> str:
    """SHA-256 over the files of packages and modules of this program.

    When none is named, of all that results depend on.

    >>> code_sha256("core") == code_sha256("core"), code_sha256("core") == code_sha256("io")
    (True, False)
    """
    root = Path(plexus_mri.__file__).parent
    digest = hashlib.sha256()
    for part in parts or (".",):
        place = root / part
        files = [place] if place.is_file() else sorted(place.rglob("*.*"))
        for path in (p.relative_to(root) for p in files if p.is_file()):
            if not set(path.parts) & set(_BESIDE):
                digest.update(str(path).encode() + (root / path).read_bytes())
    return digest.hexdigest()
