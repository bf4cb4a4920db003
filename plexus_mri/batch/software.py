"""Versions of what a result depends on."""

import platform
from importlib.metadata import version

from plexus_mri import __version__

_LIBRARIES = ("numpy", "scipy", "nibabel", "pydicom", "highdicom", "SimpleITK", "numba")


def software_versions() -> dict[str, str]:
    """Version by name of this program, Python and the numeric libraries."""
    ours = {"plexus-mri": __version__, "python": platform.python_version()}
    return ours | {name: version(name) for name in _LIBRARIES}
