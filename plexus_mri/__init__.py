"""Left-right asymmetry of the brachial plexus on MRI."""

import importlib

__version__ = "0.1.0"

__all__ = [
    "Case",
    "CaseResult",
    "Settings",
    "__version__",
    "read_norms",
    "read_series",
    "run_case",
    "take_inventory",
]

# Loaded at first use: a program that asks for the version needs no image library.
_HOME_OF_NAME = {
    "Case": "plexus_mri.core.case",
    "CaseResult": "plexus_mri.core.case",
    "Settings": "plexus_mri.settings",
    "read_norms": "plexus_mri.io.reference",
    "read_series": "plexus_mri.io.inventory",
    "run_case": "plexus_mri.pipeline",
    "take_inventory": "plexus_mri.io.inventory",
}


def __getattr__(name: str) -> object:
    """Public name, from the module it lives in."""
    if name not in _HOME_OF_NAME:
        msg = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(msg)
    return getattr(importlib.import_module(_HOME_OF_NAME[name]), name)


def __dir__() -> list[str]:
    """Public names."""
    return __all__
