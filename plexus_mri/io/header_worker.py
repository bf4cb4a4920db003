"""Read the headers of a list of files in a process of its own: paths in, looks out."""

import os
import pickle
import sys

from plexus_mri.io.headers import look_in_turn


def main() -> None:
    """Answer the one request on standard input; nothing else reaches standard output."""
    answer = os.dup(sys.stdout.fileno())
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    paths, reading = pickle.load(sys.stdin.buffer)  # noqa: S301  (sent by our own process)
    looks = look_in_turn(paths, reading)
    with os.fdopen(answer, "wb") as stream:
        pickle.dump(looks, stream, protocol=pickle.HIGHEST_PROTOCOL)


if __name__ == "__main__":
    main()
