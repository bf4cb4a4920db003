"""Whether there is an input at all; loads no library, so that a typing error is told at once."""

from pathlib import Path

from plexus_mri.errors import InputError
from plexus_mri.reasons import ReasonCode


def check_source(source: Path) -> None:
    """Refuse an input that is not there.

    Raises
    ------
    InputError
        With the path as it was typed.
    """
    if not source.exists():
        msg = f"the input '{source}' does not exist"
        raise InputError(msg, ReasonCode.INPUT_MISSING)
