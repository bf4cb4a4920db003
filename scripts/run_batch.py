"""Measure a study: `plexus-mri batch` for people who start from the scripts folder."""

import sys

from plexus_mri.cli import main

if __name__ == "__main__":
    sys.exit(main(["batch", *sys.argv[1:]]))
