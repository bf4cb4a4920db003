"""The log of one case: its steps with their times, and what the stages say, naming nobody."""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from plexus_mri.batch.case_job import CaseJob
from plexus_mri.batch.crash import scrubbed
from plexus_mri.io.atomic import output_error
from plexus_mri.io.derivatives import case_stem


class ScrubbedFormatter(logging.Formatter):
    """Lines with the time in UTC, without paths and quoted values."""

    def __init__(self) -> None:
        super().__init__("%(asctime)sZ %(levelname)s %(message)s", "%Y-%m-%dT%H:%M:%S")
        self.converter = time.gmtime

    def format(self, record: logging.LogRecord) -> str:
        """Give the line of a record."""
        return scrubbed(super().format(record))


@contextmanager
def case_log(job: CaseJob) -> Iterator[Callable[[str], str]]:
    """Append what the package logs to ``logs/sub-….log`` inside the block.

    Gives a function that notes a step and hands its name back.

    Raises
    ------
    OutputError
        When the log cannot be written.
    """
    path = job.out / "logs" / f"{case_stem(*job.key)}.log"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handler = logging.FileHandler(path, encoding="utf-8")
    except OSError as error:
        raise output_error(path, error) from error
    handler.setFormatter(ScrubbedFormatter())
    package = logging.getLogger("plexus_mri")
    level = package.level
    package.setLevel(logging.INFO)
    package.addHandler(handler)

    def note(step: str) -> str:
        package.info(step)
        return step

    try:
        yield note
    finally:
        package.removeHandler(handler)
        package.setLevel(level)
        handler.close()
