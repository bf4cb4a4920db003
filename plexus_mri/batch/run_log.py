"""The study's log: what began and ended when, in words that name nobody."""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from plexus_mri.io.atomic import output_error

FILE_NAME = "plexus-mri.log"


@contextmanager
def logged(out: Path) -> Iterator[None]:
    """Append what ``plexus_mri.batch`` logs to ``out/logs/plexus-mri.log`` inside the block.

    Raises
    ------
    OutputError
        When the log cannot be written.
    """
    path = out / "logs" / FILE_NAME
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handler = logging.FileHandler(path, encoding="utf-8")
    except OSError as error:
        raise output_error(path, error) from error
    formatter = logging.Formatter("%(asctime)sZ %(levelname)s %(message)s", "%Y-%m-%dT%H:%M:%S")
    formatter.converter = time.gmtime
    handler.setFormatter(formatter)
    batch_logger = logging.getLogger("plexus_mri.batch")
    level = batch_logger.level
    batch_logger.setLevel(logging.INFO)
    batch_logger.addHandler(handler)
    try:
        yield
    finally:
        batch_logger.removeHandler(handler)
        batch_logger.setLevel(level)
        handler.close()
