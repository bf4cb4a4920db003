"""Real and hostile files through the intake: what became of each, as tables for the page."""

import argparse
import resource
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import nibabel as nib
import numpy as np
from marked import put_section

from plexus_mri.core.grid import Grid
from plexus_mri.core.volume import Volume
from plexus_mri.errors import PlexusError
from plexus_mri.io.inventory import read_series, take_inventory
from plexus_mri.io.series_row import SeriesRow

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT.parent / "shared" / "data"
_SLOWEST_S = 10.0


def main() -> None:
    """Write the section between its markers; the rest of the page stays as it is."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "validation.md")
    parser.add_argument("--data", type=Path, default=DATA)
    options = parser.parse_args()
    put_section(options.out, "intake", section(options.data))


def section(data: Path) -> list[str]:
    """Lines of the whole section."""
    return [
        "## Intake: real and hostile files",
        "",
        (
            "Written by `python scripts/validation/intake.py`. A row a series of real scanners; "
            "the reference is another converter's NIfTI of the same files."
        ),
        "",
        *_real_table(data / "real"),
        "",
        *_hostile_lines(data / "hostile"),
    ]


def _real_table(real: Path) -> list[str]:
    """One row a series: what it is, and how far affine and values are from the reference."""
    lines = [
        "| series | what | shape | reason | step error mm | position error mm | value error % |",
        "|---|---|---|---|---|---|---|",
    ]
    sources = [*sorted((real / "dicom").iterdir()), *sorted((real / "nifti_neck").glob("*.nii*"))]
    for source in sources:
        rows = take_inventory(source).rows
        lines += [_line(source, row, real / "ref" / source.name) for row in rows]
    return lines


def _line(source: Path, row: SeriesRow, references: Path) -> str:
    name = source.name.split(".")[0]
    part = f", volume {row.part}" if row.part else ""
    what = f"{row.contrast}, {row.plane}"
    shape = "×".join(str(n) for n in row.shape or ()) or "n/a"
    errors = _errors(row, references) if row.sound else ("n/a", "n/a", "n/a")
    reason = str(row.reason or "none")
    return f"| {name}{part} | {what} | {shape} | {reason} | {' | '.join(errors)} |"


def _errors(row: SeriesRow, folder: Path) -> tuple[str, str, str]:
    """Largest differences to the reference that fits best; words where there is none."""
    ours = read_series(row)[0].to_ras()
    found = [_difference(ours, theirs) for theirs in _references(folder, row)]
    if not found:
        return "no reference", "", ""
    step_mm, position_mm, value = min(found, key=lambda errors: errors[2])
    return f"{step_mm:.5f}", f"{position_mm:.4f}", f"{100 * value:.4f}"


def _references(folder: Path, row: SeriesRow) -> Iterator[Volume]:
    """Volumes of the reference files; of a series in time the one of the same number."""
    for path in sorted(folder.glob("*.nii*")):
        image = nib.as_closest_canonical(nib.load(path))
        data = np.asarray(image.dataobj, dtype=np.float32)
        if data.ndim == 4:
            data = data[..., row.part - 1] if row.part else data[..., 0]
        yield Volume(data, Grid(data.shape, image.affine))


def _difference(ours: Volume, theirs: Volume) -> tuple[float, float, float]:
    """Per voxel step (mm), first voxel (mm), values after the best common scale (share)."""
    if ours.grid.shape != theirs.grid.shape:
        return np.inf, np.inf, np.inf
    one, two = ours.data.astype(float), theirs.data.astype(float)
    scale = float((one * two).sum() / max((two * two).sum(), 1e-12))
    apart = ours.grid.affine - theirs.grid.affine
    return (
        float(np.abs(apart[:3, :3]).max()),
        float(np.abs(apart[:3, 3]).max()),
        float(np.abs(one - scale * two).max() / np.abs(one).max()),
    )


def _hostile_lines(hostile: Path) -> list[str]:
    """Reasons of all malformed files, the slowest file and the largest memory."""
    reasons: Counter[str] = Counter()
    slowest, files = (0.0, ""), 0
    for path in sorted(p for p in hostile.rglob("*") if p.is_file()):
        start = time.process_time()
        outcome = _outcome(path)
        slowest = max(slowest, (time.process_time() - start, path.name))
        reasons[outcome] += 1
        files += 1
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
    rows = [f"| {reason} | {count} |" for reason, count in reasons.most_common()]
    words = (
        f"{files} malformed files, each read alone in one process: no crash, slowest "
        f"{slowest[0]:.1f} s of computing (limit {_SLOWEST_S:.0f} s), peak memory "
        f"{peak_mb:.0f} MB for all of them together."
    )
    return [words, "", "| ends as | files |", "|---|---|", *rows]


def _outcome(path: Path) -> str:
    """How a file ends: read, refused as a series, or refused as an input."""
    try:
        row = take_inventory(path).rows[0]
        if row.sound:
            read_series(row)
    except PlexusError as error:
        return str(error.reason)
    return str(row.reason or "read")


if __name__ == "__main__":
    main()
