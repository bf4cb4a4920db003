"""``python -m plexus_mri`` is ``plexus-mri``."""

import sys

from plexus_mri.cli import main

if __name__ == "__main__":
    sys.exit(main())
