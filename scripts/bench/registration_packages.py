"""One rigid registration by one package, alone in its process: matrix, seconds and memory.

The packages are imported where they are used, so that each process holds one of them. Each one
starts at the pose the headers state and has its package's own settings for rigid registration.
Arrays of voxels have RAS axis order, matrices (4, 4) are in RAS+ mm.
"""

import importlib
import importlib.metadata
import json
import re
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

SEARCH, WHOLE, ANTS, DIPY = "search", "whole", "antspyx", "dipy"
_MODULES = {SEARCH: "SimpleITK", WHOLE: "SimpleITK", ANTS: "ants", DIPY: "dipy.align"}
Pair = dict[str, np.ndarray]


def main() -> None:
    """Register the pair of an ``.npz`` file and write what it took as JSON.

    The arguments are the package, the pair and the result. A result without a matrix was refused
    by the package itself; a package that is not installed leaves no result and exits with 3.
    """
    name, pair, result = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
    try:
        importlib.import_module(_MODULES[name])
    except ModuleNotFoundError:
        sys.exit(3)
    with np.load(pair) as stored:
        work = PREPARED[name](dict(stored))
    start, used = time.perf_counter(), time.process_time()
    matrix = work()
    row = {
        "matrix": None if matrix is None else matrix.tolist(),
        "seconds": time.perf_counter() - start,
        "cpu_seconds": time.process_time() - used,
        "peak_mb": peak_mb(),
        "version": importlib.metadata.version("SimpleITK" if name in {SEARCH, WHOLE} else name),
    }
    result.write_text(json.dumps(row), encoding="utf-8")


def peak_mb() -> float:
    """Most memory of this program; ``getrusage`` also counts the process it was forked from."""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    return int(found[1]) / 1000 if found else float("nan")


def _search(pair: Pair) -> Callable[[], Any]:
    """Search for a pose by this project (SimpleITK), without the judging."""
    pose = importlib.import_module("plexus_mri.registration.pose")
    fixed, moving = _volumes(pair)

    def work() -> np.ndarray | None:
        copies = pose.pair_of(fixed, moving, None)
        found = pose.best_pose(copies, affine=False)
        return None if found is None else copies.to_world(found).target_from_source

    return work


def _whole(pair: Pair) -> Callable[[], Any]:
    """What a user of this project gets: the search, and the judging with its mirrored search."""
    series = importlib.import_module("plexus_mri.registration.series")
    frame = importlib.import_module("plexus_mri.registration.frame")
    maps = importlib.import_module("plexus_mri.core.series_map")
    settings = importlib.import_module("plexus_mri.settings").Settings().registration
    fixed, moving = _volumes(pair)
    patient = frame.find_patient_frame(fixed, "sform (code 1)", settings)

    def work() -> np.ndarray | None:
        found = series.register_series(fixed, maps.SeriesMap("map", moving), patient, settings)
        pose = found.map_from_image
        return None if pose is None else pose.target_from_source

    return work


def _volumes(pair: Pair) -> tuple[Any, Any]:
    grid = importlib.import_module("plexus_mri.core.grid")
    volume = importlib.import_module("plexus_mri.core.volume")
    fixed, moving = (
        volume.Volume(pair[name], grid.Grid(pair[name].shape, pair[f"{name}_affine"]))
        for name in ("fixed", "moving")
    )
    return fixed, moving


def _ants(pair: Pair) -> Callable[[], Any]:
    """ANTs: Mattes mutual information, four levels, a fifth of the voxels sampled."""
    ants = importlib.import_module("ants")
    images = []
    for name in ("fixed", "moving"):
        affine = pair[f"{name}_affine"]
        spacing = np.linalg.norm(affine[:3, :3], axis=0)
        images.append(
            ants.from_numpy(
                pair[name].astype(np.float32),
                origin=affine[:3, 3].tolist(),
                spacing=spacing.tolist(),
                direction=affine[:3, :3] / spacing,
            )
        )

    def work() -> np.ndarray:
        found = ants.registration(
            *images, type_of_transform="Rigid", initial_transform="Identity", random_seed=1
        )
        pose = ants.read_transform(found["fwdtransforms"][0])
        places = [np.array(pose.apply_to_point(p)) for p in np.vstack([np.zeros(3), np.eye(3)])]
        matrix = np.eye(4)
        matrix[:3, 3] = places[0]
        matrix[:3, :3] = np.stack(places[1:], axis=1) - places[0][:, None]
        return matrix

    return work


def _dipy(pair: Pair) -> Callable[[], Any]:
    """DIPY: mutual information of all voxels, three levels, a shift and then shift and turn."""
    align = importlib.import_module("dipy.align")

    def work() -> np.ndarray:
        _, matrix = align.affine_registration(
            pair["moving"],
            pair["fixed"],
            moving_affine=pair["moving_affine"],
            static_affine=pair["fixed_affine"],
            pipeline=["translation", "rigid"],
        )
        return np.asarray(matrix)

    return work


PREPARED = {SEARCH: _search, WHOLE: _whole, ANTS: _ants, DIPY: _dipy}

if __name__ == "__main__":
    main()
