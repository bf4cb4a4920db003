"""Time and memory of the inventory of a large export: 200 studies of 100 files each."""

import argparse
import os
import re
import resource
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pydicom

from plexus_mri.core.grid import Grid
from plexus_mri.core.volume import Volume
from plexus_mri.io.dicom_write import SyntheticSeries, write_single_frames
from plexus_mri.io.disguise import StudySecret
from plexus_mri.io.inventory import take_inventory
from plexus_mri.io.series_rules import SeriesRules

_MARKED = re.compile(r"(<!-- bench-intake -->\n).*?(<!-- /bench-intake -->)", re.DOTALL)
_SERIES = (("STIR cor", 40), ("t1 tse cor", 40), ("t2 tse tra", 20))
_FILLER = 90  # further elements, so that a header is as long as a scanner's (about 150)


def main() -> None:
    """Measure and print; with ``--readme`` put the lines between the markers there."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--studies", type=int, default=200)
    parser.add_argument("--readme", type=Path, help="file to put the lines into")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        export = Path(folder, "export")
        write_export(export, options.studies)
        text = measured(export, Path(folder, "private"))
    print(text)
    if options.readme is not None:
        page = options.readme.read_text(encoding="utf-8")
        marked = _MARKED.sub(lambda found: f"{found[1]}{text}\n{found[2]}", page)
        options.readme.write_text(marked, encoding="utf-8")


def write_export(export: Path, studies: int) -> None:
    """Files of one study, and copies with the identifiers of the others, nested as a PACS does."""
    pattern = export.parent / "pattern"
    headers = [pydicom.dcmread(path) for path in _one_study(pattern)]
    for study in range(studies):
        for k, header in enumerate(headers):
            header.PatientID = f"P{study:05d}"
            header.StudyInstanceUID = f"1.2.826.0.1.{study + 1}"
            header.SeriesInstanceUID = f"1.2.826.0.1.{study + 1}.{header.SeriesNumber}"
            header.SOPInstanceUID = f"1.2.826.0.1.{study + 1}.{header.SeriesNumber}.{k + 1}"
            header.file_meta.MediaStorageSOPInstanceUID = header.SOPInstanceUID
            path = export / f"PA{study:03d}" / "ST0" / f"SE{header.SeriesNumber}" / f"IM{k:04d}"
            path.parent.mkdir(parents=True, exist_ok=True)
            header.save_as(path)
    shutil.rmtree(pattern)


def _one_study(folder: Path) -> list[Path]:
    paths: list[Path] = []
    for number, (description, slices) in enumerate(_SERIES, start=1):
        values = np.random.default_rng(number).integers(0, 900, (32, slices, 32)).astype(float)
        volume = Volume(values.transpose(0, 2, 1), Grid((32, 32, slices), np.diag([5, 5, 4, 1.0])))
        series = SyntheticSeries("x", 1, description=description, series_number=number)
        written = write_single_frames(volume, folder / str(number), series)
        for path in written:
            _lengthen(path)
        paths += written
    return paths


def _lengthen(path: Path) -> None:
    header = pydicom.dcmread(path)
    block = header.private_block(0x0051, "PLEXUS BENCH", create=True)
    for k in range(_FILLER):
        block.add_new(k, "LO", f"value {k} of a scanner")
    header.save_as(path)


def measured(export: Path, private: Path) -> str:
    """Lines for people: inventory against a plain loop, and a second run against the first."""
    paths = sorted(path for path in export.rglob("*") if path.is_file())
    rules, secret = SeriesRules.read(), StudySecret(b"bench", private)
    plain_s = _seconds(
        lambda: [pydicom.dcmread(p, stop_before_pixels=True) and None for p in paths]
    )
    before_mb = _peak_mb()

    def first() -> None:
        read = take_inventory(export, secret=secret, rules=rules).for_next_run
        if read is not None:
            read.save()

    first_s = _seconds(first)
    peak_mb = _peak_mb()
    second_s = _seconds(lambda: take_inventory(export, secret=secret, rules=rules))
    os.utime(paths[0], ns=(0, 0))
    third_s = _seconds(lambda: take_inventory(export, secret=secret, rules=rules))
    return "\n".join(
        [
            f"Inventory of {len(paths)} files, {len(list(export.iterdir()))} studies:",
            "",
            "| | seconds |",
            "|---|---|",
            f"| plain loop of pydicom over the headers, one process | {plain_s:.1f} |",
            f"| inventory, first run ({first_s / plain_s:.2f} of it) | {first_s:.1f} |",
            f"| second run, unchanged ({first_s / second_s:.0f} times faster) | {second_s:.2f} |",
            f"| third run, one file changed | {third_s:.1f} |",
            "",
            f"Peak memory {peak_mb:.0f} MB, {peak_mb - before_mb:.0f} MB more than the loop.",
        ]
    )


def _seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000


if __name__ == "__main__":
    main()
