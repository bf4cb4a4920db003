"""Registration here and by two other packages: time, memory and error on the same volumes.

Pairs are phantoms of the development population with a known displacement. A package that is not
installed is named, and its row left out.
"""

import argparse
import json
import os
import platform
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from registration_packages import ANTS, DIPY, SEARCH, WHOLE
from scipy.spatial.transform import Rotation
from validation.planted import body_points, coarse, displaced

from plexus_mri.core.grid import FloatArray
from plexus_mri.core.transform import AffineTransform
from plexus_mri.core.volume import Volume
from plexus_mri.preprocess.bias import correct_bias
from plexus_mri.settings import Settings
from plexus_mri.synthetic import (
    AcquisitionSpec,
    CaseKind,
    PhantomSpec,
    Population,
    random_spec,
    simulate,
)
from plexus_mri.synthetic import Sequence as Contrast

_CHILD = Path(__file__).with_name("registration_packages.py")
_MARKED = re.compile(
    r"(<!-- bench-registration -->\n).*?(<!-- /bench-registration -->)", re.DOTALL
)
_NOT_INSTALLED = 3
_LONGEST_S = 600
MAP_MM = 2.0
ROWS = {
    SEARCH: "this project, the search alone",
    WHOLE: "this project, with the judging",
    ANTS: "antspyx, `Rigid`",
    DIPY: "dipy, `affine_registration`",
}


@dataclass(frozen=True)
class Displacement:
    """What is planted: a contrast, and how far the header of its series is off."""

    seed: int
    contrast: str
    shift_mm: float
    turn_deg: float

    @property
    def words(self) -> str:
        """Pair for people."""
        return f"{self.contrast}, {self.shift_mm:g} mm and {self.turn_deg:g}°"


PAIRS = (
    Displacement(1, "STIR on STIR", 10.0, 7.0),
    Displacement(2, "T1 on STIR", 15.0, 11.0),
    Displacement(3, "T2 map on STIR", 20.0, 15.0),
)


@dataclass(frozen=True, eq=False)
class Pair:
    """Two volumes and the truth: the pose from the world of the first, and points of its body."""

    planted: Displacement
    fixed: Volume
    moving: Volume
    pose: AffineTransform
    body_mm: FloatArray


@dataclass(frozen=True)
class Score:
    """What one package made of one pair; errors are None where it refused its own pose."""

    version: str
    seconds: float
    cpu_seconds: float
    peak_mb: float
    median_mm: float | None
    most_mm: float | None


def main() -> None:
    """Measure and print the table; with ``--out`` put it between the markers there."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, help="page to put the table into")
    options = parser.parse_args()
    scores: dict[str, list[Score | None]] = {name: [] for name in ROWS}
    for planted in PAIRS:
        pair = make_pair(planted)
        for name, score in _scores(pair):
            print(f"{planted.words}: {name}: {score}", flush=True)
            scores[name].append(score)
    text = table(scores)
    print(text)
    if options.out is not None:
        page = options.out.read_text(encoding="utf-8")
        marked = _MARKED.sub(lambda found: f"{found[1]}{text}\n{found[2]}", page)
        options.out.write_text(marked, encoding="utf-8")


def make_pair(planted: Displacement) -> Pair:
    """Main image without its bias field, and a series of the same patient with its header off."""
    rng = np.random.default_rng([planted.seed, 11])
    spec = coarse(
        random_spec(planted.seed, kind=CaseKind.SYMMETRIC, population=Population.DEVELOPMENT)
    )
    main_image = replace(spec.acquisition, sequence=Contrast.STIR, te_ms=70.0)
    fixed = simulate(replace(spec, acquisition=main_image)).image.to_ras()
    fixed = correct_bias(fixed, Settings().preprocess)
    series = _series(spec, _other_grid(main_image, rng), planted.contrast)
    axis, course = (v / np.linalg.norm(v) for v in rng.normal(size=(2, 3)))
    turn = Rotation.from_rotvec(np.deg2rad(planted.turn_deg) * axis)
    moved = displaced(series, planted.contrast, turn, planted.shift_mm * course, good=True)
    if moved.true_pose is None:
        msg = "a displaced series must have a true pose"
        raise SystemExit(msg)
    return Pair(planted, fixed, moved.series, moved.true_pose, body_points(fixed))


def _other_grid(it: AcquisitionSpec, rng: np.random.Generator) -> AcquisitionSpec:
    """Voxels of 2 mm, shifted and tilted, so that noise and texture are drawn anew."""
    x_mm, y_mm, z_mm = (np.array(it.center_mm) + rng.uniform(-8, 8, 3)).tolist()
    return replace(
        it,
        shape=(132, 46, 86),
        spacing_mm=(MAP_MM,) * 3,
        center_mm=(x_mm, y_mm, z_mm),
        grid_tilt_deg=float(rng.uniform(-8, 8)),
    )


def _series(spec: PhantomSpec, it: AcquisitionSpec, contrast: str) -> Volume:
    """Image of a contrast; the T2 map, in ms, comes from two echoes of a STIR."""
    if contrast.startswith("T1"):
        it = replace(it, sequence=Contrast.T1, tr_ms=600.0, te_ms=10.0)
    if not contrast.startswith("T2 map"):
        return simulate(replace(spec, acquisition=it)).image.to_ras()
    early, late = (
        simulate(replace(spec, acquisition=replace(it, te_ms=te_ms))).image.to_ras()
        for te_ms in (30.0, 70.0)
    )
    seen = early.data > 0.05 * np.percentile(early.data, 99)
    ratio = np.maximum(early.data, 1.0) / np.maximum(late.data, 1.0)
    t2_ms = 40.0 / np.log(np.maximum(ratio, np.exp(40.0 / 300.0)))
    return early.with_data(np.where(seen, t2_ms, 0.0))


def _scores(pair: Pair) -> Iterator[tuple[str, Score | None]]:
    """Score of each package that is installed, one process after the other."""
    with tempfile.TemporaryDirectory() as folder:
        stored, result = Path(folder) / "pair.npz", Path(folder) / "result.json"
        np.savez(
            stored,
            fixed=pair.fixed.data,
            moving=pair.moving.data,
            fixed_affine=pair.fixed.grid.affine,
            moving_affine=pair.moving.grid.affine,
        )
        for name in ROWS:
            command = [sys.executable, str(_CHILD), name, str(stored), str(result)]
            try:
                ended = subprocess.run(  # noqa: S603 - our own
                    command, env=_one_thread(), check=False, timeout=_LONGEST_S
                )
            except subprocess.TimeoutExpired:
                yield name, None
                continue
            if ended.returncode == _NOT_INSTALLED:
                continue
            ended.check_returncode()
            yield name, _scored(json.loads(result.read_text(encoding="utf-8")), pair)


def _one_thread() -> dict[str, str]:
    names = (
        "ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS",
        "OMP_NUM_THREADS",
        "OPENBLAS_NUM_THREADS",
        "MKL_NUM_THREADS",
    )
    return {**os.environ, **dict.fromkeys(names, "1")}


def _scored(row: dict, pair: Pair) -> Score:
    median_mm = most_mm = None
    if row["matrix"] is not None:
        found = AffineTransform(np.array(row["matrix"]))
        apart = np.linalg.norm(found.apply(pair.body_mm) - pair.pose.apply(pair.body_mm), axis=1)
        median_mm, most_mm = (float(np.percentile(apart, q)) for q in (50, 95))
    return Score(
        row["version"], row["seconds"], row["cpu_seconds"], row["peak_mb"], median_mm, most_mm
    )


def table(scores: dict[str, list[Score | None]]) -> str:
    """Markdown: one line a package, one column of errors a pair, and what is missing."""
    ran = {name: rows for name, rows in scores.items() if rows}
    heads = ["", *(pair.words for pair in PAIRS), "seconds", "processor", "peak memory"]
    lines = [
        (
            f"One thread each, Python {platform.python_version()}, {platform.machine()}; seconds "
            "are means of a pair, memory is the most of its process. Errors in the body in mm: "
            f"median and 95th percentile, this one in voxels of the map ({MAP_MM:g} mm), too. "
            "Repeat it with `make bench`."
        ),
        "",
        f"| {' | '.join(heads)} |",
        f"|{'---|' * len(heads)}",
        *(_line(name, rows) for name, rows in ran.items()),
    ]
    absent = [ROWS[name] for name in ROWS if name not in ran]
    return "\n".join([*lines, *(f"\nNot installed, so not measured: {row}." for row in absent)])


def _line(name: str, rows: Sequence[Score | None]) -> str:
    ended = [row for row in rows if row is not None]
    if not ended:
        return f"| {' | '.join([ROWS[name], *map(_errors, rows), '', '', ''])} |"
    library = "SimpleITK " if name in {SEARCH, WHOLE} else ""
    shown = f"{ROWS[name]} ({library}{ended[0].version})"
    times = [[row.seconds for row in ended], [row.cpu_seconds for row in ended]]
    means = [f"{np.mean(seconds):.1f} s" for seconds in times]
    peak = f"{max(row.peak_mb for row in ended):.0f} MB"
    return f"| {' | '.join([shown, *map(_errors, rows), *means, peak])} |"


def _errors(row: Score | None) -> str:
    if row is None:
        return f"stopped after {_LONGEST_S} s"
    if row.median_mm is None or row.most_mm is None:
        return "refused"
    return f"{row.median_mm:.2f}, {row.most_mm:.2f} ({row.most_mm / MAP_MM:.2f} voxels)"


if __name__ == "__main__":
    main()
