"""Fetch the volume viewer's bundle from the npm registry into the package, checked by SHA-256.

Nothing of it is kept in the repository. Without it everything works but the viewer page.
"""

import argparse
import hashlib
import json
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

BROWSER = Path(__file__).resolve().parents[1] / "plexus_mri" / "report" / "browser"


def main() -> int:
    """Fetch unless it is there already; with ``--optional`` a failure is only said."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--optional", action="store_true", help="end well without npm")
    options = parser.parse_args()
    wanted = json.loads((BROWSER / "niivue.json").read_text(encoding="utf-8"))
    target = BROWSER / Path(wanted["file"]).name
    if target.is_file() and digest(target.read_bytes()) == wanted["sha256"]:
        return 0
    try:
        content = fetched(wanted)
    except (OSError, subprocess.CalledProcessError, KeyError, ValueError) as error:
        print(f"no viewer page: {error}", file=sys.stderr)
        return 0 if options.optional else 1
    target.write_bytes(content)
    print(f"{wanted['package']} {wanted['version']} ({wanted['license']}): {target.name}")
    return 0


def fetched(wanted: dict[str, str]) -> bytes:
    """Bundle out of the package's own archive.

    Raises
    ------
    ValueError
        When it is not the bundle that was chosen.
    """
    npm = shutil.which("npm")
    if npm is None:
        msg = "npm is not installed"
        raise ValueError(msg)
    with tempfile.TemporaryDirectory() as folder:
        name = f"{wanted['package']}@{wanted['version']}"
        subprocess.run(  # noqa: S603 - fixed words and a pinned package
            [npm, "pack", name, "--silent", "--ignore-scripts", "--pack-destination", folder],
            check=True, capture_output=True, timeout=300,
        )  # fmt: skip
        with tarfile.open(next(Path(folder).glob("*.tgz"))) as archive:
            member = archive.extractfile(f"package/{wanted['file']}")
            content = member.read() if member is not None else b""
    if digest(content) != wanted["sha256"]:
        msg = f"{name}: {wanted['file']} has SHA-256 {digest(content)}, not the one expected"
        raise ValueError(msg)
    return content


def digest(content: bytes) -> str:
    """SHA-256 in hex."""
    return hashlib.sha256(content).hexdigest()


if __name__ == "__main__":
    sys.exit(main())
