"""The exceptions of the project and the exit code each one ends in.

PlexusError            1
├── SettingsError      2   bad command or settings
├── InputError         3   no usable input
├── StageError         4   a stage cannot give a trustworthy result for this case
├── RefusedError       5   side or geometry cannot be proven
└── OutputError        6   output not writable or disk full
"""

from plexus_mri.reasons import ReasonCode


class PlexusError(Exception):
    """An error with one clear sentence, a reason code and an exit code."""

    exit_code = 1

    def __init__(self, message: str, reason: ReasonCode) -> None:
        super().__init__(message)
        self.reason = reason


class SettingsError(PlexusError):
    """The command line or a settings file asks for something that does not exist."""

    exit_code = 2

    def __init__(self, message: str, reason: ReasonCode = ReasonCode.SETTINGS_BAD) -> None:
        super().__init__(message, reason)


class InputError(PlexusError):
    """The input cannot be used; the message names file, value and remedy."""

    exit_code = 3


class StageError(PlexusError):
    """A stage cannot give a trustworthy result for this case."""

    exit_code = 4


class RefusedError(PlexusError):
    """Refused for safety: side or geometry cannot be proven."""

    exit_code = 5


class OutputError(PlexusError):
    """The output folder or file cannot be written."""

    exit_code = 6

    def __init__(self, message: str, reason: ReasonCode = ReasonCode.OUTPUT_NOT_WRITABLE) -> None:
        super().__init__(message, reason)
