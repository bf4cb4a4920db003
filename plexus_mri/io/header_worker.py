"""Read the headers of a list of files in a process of its own: paths in, looks out."""

import os
import pickle
import sys
from pathlib import Path

from plexus_mri.io.headers import look_in_turn
from plexus_mri.io.packed import packed


def main() -> None:
    """Answer the one request on standard input; nothing else reaches standard output."""
    answer = os.dup(sys.stdout.fileno())
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    names, reading = pickle.load(sys.stdin.buffer)  # noqa: S301  (sent by our own process)
    paths = [Path(name) for name in names]
    looks = look_in_turn(paths, reading)
    with os.fdopen(answer, "wb") as stream:
        stream.write(packed(looks, paths))


if __name__ == "__main__":
    main()
