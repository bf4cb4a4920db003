"""Bright-tube filter against scikit-image's on one volume: processor time, memory, ranking."""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from registration_packages import peak_mb
from skimage.filters import sato

from plexus_mri.segmentation.settings import SegmentationSettings
from plexus_mri.segmentation.tubularity import bright_tubes
from plexus_mri.synthetic import CaseKind, random_spec, simulate

_SEED = 11
_MARKED = re.compile(r"(<!-- tubularity -->\n).*?(<!-- /tubularity -->)", re.DOTALL)
_OURS, _THEIRS = "ours", "skimage.filters.sato"


def main() -> None:
    """Run each filter in a process of its own, then fill the page's markers."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, help="page whose markers are filled")
    parser.add_argument("--filter", choices=(_OURS, _THEIRS), help="run one on stored volumes")
    parser.add_argument("--volumes", type=Path)
    options = parser.parse_args()
    if options.filter is not None:
        print(json.dumps(_measured(options.filter, options.volumes)))
        return
    with tempfile.TemporaryDirectory() as folder:
        volumes = Path(folder) / "volumes.npz"
        case = simulate(random_spec(_SEED, kind=CaseKind.LESIONS))
        image = case.image.to_ras()
        np.savez(volumes, image=image.data, nerves=case.truth.labels.to_ras().data > 0)
        rows = {name: _in_a_process(name, volumes) for name in (_OURS, _THEIRS)}
    text = "\n".join(_table(rows, image.grid.shape, float(image.grid.spacing.max())))
    print(text)
    if options.out is not None:
        page = options.out.read_text(encoding="utf-8")
        filled = _MARKED.sub(lambda m: f"{m[1]}{text}\n{m[2]}", page)
        options.out.write_text(filled, encoding="utf-8")


def _in_a_process(name: str, volumes: Path) -> dict[str, float]:
    command = [sys.executable, __file__, "--filter", name, "--volumes", str(volumes)]
    env = {**os.environ, "NUMBA_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    done = subprocess.run(command, env=env, check=True, capture_output=True, text=True)  # noqa: S603
    row: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return row


def _measured(name: str, volumes: Path) -> dict[str, float]:
    """Processor seconds, memory beyond the volumes' and average precision of one filter."""
    settings = SegmentationSettings()
    with np.load(volumes) as stored:
        image, nerves = stored["image"], stored["nerves"]
    bright_tubes(image[:9, :9, :9], (1.0,), 1.0)  # compiled before the clock starts
    before_mb = peak_mb()
    used = time.process_time()
    if name == _OURS:
        response = bright_tubes(image, settings.tube_scales_mm, 1.0)
    else:
        response = sato(image, sigmas=settings.tube_scales_mm, black_ridges=False)
    seconds = time.process_time() - used
    more_mb = peak_mb() - before_mb
    precision = average_precision(response[image > 0], nerves[image > 0])
    return {"seconds": seconds, "more_mb": more_mb, "precision": precision}


def average_precision(response: np.ndarray, wanted: np.ndarray) -> float:
    """Mean of the precision at each wanted voxel, by falling response."""
    hits = wanted[np.argsort(-response, kind="stable")]
    return float((np.cumsum(hits) / np.arange(1, len(hits) + 1))[hits].mean())


def _table(rows: dict[str, dict[str, float]], shape: tuple[int, ...], edge_mm: float) -> list[str]:
    ours, theirs = rows[_OURS], rows[_THEIRS]
    count = len(SegmentationSettings().tube_scales_mm)
    return [
        (
            f"{' × '.join(map(str, shape))} voxels, the longest edge {edge_mm:g} mm, {count} "
            f"scales, one thread, seed {_SEED} of the development population. Average precision: "
            "of all voxels with a signal, how far the true nerves' come first. Repeat it with "
            "`make bench`."
        ),
        "",
        "| | processor | memory beyond the image's | average precision |",
        "|---|---|---|---|",
        *(
            f"| {name} | {row['seconds']:.1f} s | {row['more_mb']:.0f} MB "
            f"| {row['precision']:.3f} |"
            for name, row in rows.items()
        ),
        (
            f"| ratio | {theirs['seconds'] / ours['seconds']:.0f} "
            f"| {theirs['more_mb'] / ours['more_mb']:.0f} | |"
        ),
    ]


if __name__ == "__main__":
    main()
