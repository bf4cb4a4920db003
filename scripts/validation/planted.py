"""Series with a known pose, and series that must not be taken for good, of one patient.

Shapes: ``n`` points.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from scipy import ndimage
from scipy.spatial.transform import Rotation

from plexus_mri.core.grid import FloatArray, Grid
from plexus_mri.core.resample import isotropic_copy
from plexus_mri.core.series_map import RegisteredMap, SeriesMap
from plexus_mri.core.transform import AffineTransform
from plexus_mri.core.volume import Volume
from plexus_mri.preprocess.bias import correct_bias
from plexus_mri.registration.frame import find_patient_frame
from plexus_mri.registration.series import register_series
from plexus_mri.settings import Settings
from plexus_mri.synthetic import (
    AcquisitionSpec,
    CaseKind,
    PhantomSpec,
    Plane,
    Population,
    Sequence,
    random_spec,
    simulate,
)

COARSE_MM, FINE_MM = 2.0, 1.0
# A failure that has a right pose all the same (a turned header) was registered rightly when its
# 95th percentile error is below this: one voxel of the coarse images.
RIGHT_MM = 2.0
FAILURES = (
    "limb",
    "head",
    "empty",
    "mirrored",
    "turned 60° about the long axis",
    "turned 60° about the lateral axis",
    "no overlap",
    "noise",
    "upside down",
    "wrong voxel size",
)
OTHER_PATIENT = "neck of another patient"


@dataclass(frozen=True, eq=False)
class Planted:
    """A series and what is true of it.

    Parameters
    ----------
    kind
        The contrast of a good one, or what is wrong.
    true_pose
        From the world of the main image to that of the series; None where no pose is right.
    """

    kind: str
    good: bool
    series: Volume
    true_pose: AffineTransform | None


@dataclass(frozen=True)
class Verdict:
    """What registration made of a planted series.

    Parameters
    ----------
    accepted
        Whether it would be sampled.
    error_mm, error_voxels
        95th percentile inside the body of the main image, and over the smallest voxel edge of
        both images; None where there is no right pose or it was refused.
    numbers
        Similarity, sharpness, handedness and overlap at the pose reached, where it got so far.
    """

    kind: str
    good: bool
    accepted: bool
    error_mm: float | None
    error_voxels: float | None
    numbers: tuple[float, ...] | None

    @property
    def passed_wrongly(self) -> bool:
        """Whether a failure was taken for good, at no right pose."""
        right = self.error_mm is not None and self.error_mm < RIGHT_MM
        return not self.good and self.accepted and not right


def patient_verdicts(seed: int, population: Population) -> Iterator[Verdict]:
    """Verdicts on four good series, four failures and another patient's series."""
    spec = coarse(random_spec(seed, kind=CaseKind.LESIONS, population=population))
    settings = Settings()
    image = correct_bias(simulate(spec).image.to_ras(), settings.preprocess)
    frame = find_patient_frame(image, "sform (code 1)", settings.registration)
    body = body_points(image)
    other = random_spec(seed, kind=CaseKind.SYMMETRIC, population=population)
    for planted in _planted(spec, other, seed):
        series = SeriesMap("map", planted.series)
        found = register_series(image, series, frame, settings.registration)
        yield _verdict(planted, found, body, float(image.grid.spacing.min()))


def coarse(spec: PhantomSpec) -> PhantomSpec:
    """The same patient on a grid of 2 mm, or the slices as thick as drawn."""
    it = spec.acquisition
    return replace(spec, acquisition=_gridded(it, np.maximum(it.spacing_mm, COARSE_MM)))


def fine_verdicts(seed: int, population: Population) -> Iterator[Verdict]:
    """Verdicts on four good series of 1 mm, against a main image of 1 mm."""
    fine, settings = np.full(3, FINE_MM), Settings()
    spec = random_spec(seed, kind=CaseKind.LESIONS, population=population)
    spec = replace(spec, acquisition=_gridded(spec.acquisition, fine))
    image = correct_bias(simulate(spec).image.to_ras(), settings.preprocess)
    frame = find_patient_frame(image, "sform (code 1)", settings.registration)
    body = body_points(image)
    rng = np.random.default_rng([seed, 7])
    for drawn in (_t1(spec.acquisition, rng), _second(spec.acquisition, rng)):
        acquisition = _gridded(drawn, fine)
        moved = simulate(replace(spec, acquisition=acquisition)).image.to_ras()
        for _ in range(2):
            planted = _good(moved, str(acquisition.sequence), rng)
            series = SeriesMap("map", planted.series)
            found = register_series(image, series, frame, settings.registration)
            yield _verdict(planted, found, body, float(image.grid.spacing.min()))


def _gridded(it: AcquisitionSpec, spacing_mm: FloatArray) -> AcquisitionSpec:
    """The same field of view in voxels of another size (3,)."""
    wide, deep, high = np.round(np.multiply(it.shape, it.spacing_mm) / spacing_mm).astype(int)
    one, two, three = spacing_mm.tolist()
    return replace(it, shape=(int(wide), int(deep), int(high)), spacing_mm=(one, two, three))


def body_points(image: Volume) -> FloatArray:
    """Points (n, 3) of the body, on a grid of 8 mm."""
    copy = isotropic_copy(image, 8.0)
    voxels = np.argwhere(copy.data > 0.1 * np.percentile(copy.data, 99))
    return copy.grid.to_world(voxels)


def _planted(spec: PhantomSpec, other: PhantomSpec, seed: int) -> Iterator[Planted]:
    """Four good ones, four failures in turn, and one of another patient."""
    rng = np.random.default_rng([seed, 7])
    acquisitions = (_t1(spec.acquisition, rng), _second(spec.acquisition, rng))
    for m, acquisition in enumerate(acquisitions):
        series = simulate(replace(spec, acquisition=acquisition)).image.to_ras()
        for f in range(2):
            yield _good(series, str(acquisition.sequence), rng)
            yield _failure(series, FAILURES[(4 * seed + 2 * m + f) % len(FAILURES)], rng)
    stranger = simulate(replace(other, acquisition=acquisitions[0])).image.to_ras()
    yield Planted(OTHER_PATIENT, good=False, series=stranger, true_pose=None)


def _t1(it: AcquisitionSpec, rng: np.random.Generator) -> AcquisitionSpec:
    """Coronal T1 on another grid, so that noise and texture are drawn anew."""
    return replace(
        it,
        sequence=Sequence.T1,
        tr_ms=600.0,
        te_ms=10.0,
        plane=Plane.CORONAL,
        shape=(132, 40, 84),
        spacing_mm=(2.1, 2.4, 2.1),
        center_mm=_near(it, rng),
        grid_tilt_deg=float(rng.uniform(-8, 8)),
    )


def _second(it: AcquisitionSpec, rng: np.random.Generator) -> AcquisitionSpec:
    """Axial slices of 3 mm over two thirds of the height, water image and STIR by turns."""
    dixon = it.sequence is Sequence.STIR and bool(rng.integers(2))
    return replace(
        it,
        sequence=Sequence.T2_DIXON_WATER if dixon else Sequence.STIR,
        te_ms=65.0,
        plane=Plane.AXIAL,
        shape=(150, 50, 42),
        spacing_mm=(1.9, 1.9, 3.0),
        center_mm=_near(it, rng),
        grid_tilt_deg=float(rng.uniform(-8, 8)),
    )


def _near(it: AcquisitionSpec, rng: np.random.Generator) -> tuple[float, float, float]:
    x_mm, y_mm, z_mm = np.array(it.center_mm) + rng.uniform(-8, 8, 3)
    return float(x_mm), float(y_mm), float(z_mm)


def _good(series: Volume, contrast: str, rng: np.random.Generator) -> Planted:
    """The series with its header off by up to 20 mm and 15 degrees."""
    axis, course = (v / np.linalg.norm(v) for v in rng.normal(size=(2, 3)))
    turn = Rotation.from_rotvec(np.deg2rad(rng.uniform(3, 15)) * axis)
    return displaced(series, contrast, turn, rng.uniform(5, 20) * course, good=True)


def displaced(
    series: Volume, kind: str, turn: Rotation, shift_mm: FloatArray, *, good: bool
) -> Planted:
    """The series with its header turned about the centre of its field and shifted."""
    centre = series.grid.corners_mm.mean(axis=0)
    pose = np.eye(4)
    pose[:3, :3] = turn.as_matrix()
    pose[:3, 3] = centre - pose[:3, :3] @ centre + shift_mm
    moved = Volume(series.data, Grid(series.grid.shape, pose @ series.grid.affine))
    return Planted(kind, good, moved, AffineTransform(pose))


def _failure(series: Volume, kind: str, rng: np.random.Generator) -> Planted:
    """The series made a failure of the kind."""
    if kind.startswith("turned"):
        axis = "z" if "long" in kind else "x"
        angle = 60.0 * float(rng.choice([-1, 1]))
        turn = Rotation.from_euler(axis, angle, degrees=True)
        return displaced(series, kind, turn, rng.uniform(-10, 10, 3), good=False)
    if kind == "no overlap":
        far = np.array([0.0, 0.0, 400.0])
        return displaced(series, kind, Rotation.identity(), far, good=False)
    if kind == "upside down":
        # Turned by 180 degrees, which no search of a small displacement may find by chance.
        turn = Rotation.from_euler("x", 180, degrees=True)
        return displaced(series, kind, turn, np.zeros(3), good=False)
    if kind == "wrong voxel size":
        return Planted(kind, good=False, series=_resized(series, 0.6), true_pose=None)
    return Planted(
        kind, good=False, series=series.with_data(_wrong(series, kind, rng)), true_pose=None
    )


def _resized(series: Volume, factor: float) -> Volume:
    """The series with the voxel size of its header scaled about its centre."""
    centre = series.grid.corners_mm.mean(axis=0)
    scale = np.diag([factor, factor, factor, 1.0])
    scale[:3, 3] = (1 - factor) * centre
    return Volume(series.data, Grid(series.grid.shape, scale @ series.grid.affine))


def _wrong(series: Volume, kind: str, rng: np.random.Generator) -> FloatArray:
    """Voxels of another thing on the grid of the series."""
    noise = np.abs(rng.normal(0.0, 12.0, series.data.shape))
    if kind == "empty":
        return np.zeros(series.data.shape)
    if kind == "mirrored":
        return np.asarray(series.data[::-1], dtype=float)
    if kind == "noise":
        return 10 * noise
    places = series.grid.to_world(np.indices(series.data.shape).reshape(3, -1).T)
    off = (places - series.grid.corners_mm.mean(axis=0) + rng.uniform(-10, 10, 3)).reshape(
        *series.data.shape, 3
    )
    body = limb(off) if kind == "limb" else head(off, rng)
    return np.where(body > 0, body, 0.0) + noise


def limb(off_mm: FloatArray) -> FloatArray:
    """A thigh: muscle in fat about one bone, along z."""
    radius = np.hypot(off_mm[..., 0], off_mm[..., 1] * 1.6)
    return np.select([radius < 7, radius < 13, radius < 62, radius < 75], [180, 10, 90, 250], 0.0)


def head(off_mm: FloatArray, rng: np.random.Generator) -> FloatArray:
    """A head: folded brain in a dark skull in bright skin."""
    radius = np.sqrt(np.sum((off_mm / np.array([70.0, 45.0, 85.0])) ** 2, axis=-1))
    folds = ndimage.gaussian_filter(rng.normal(size=radius.shape), 3.0)
    brain = 130 + 60 * np.tanh(2 * folds / folds.std())
    inner = [radius < share for share in (0.82, 0.92, 1.0)]
    return np.select(inner, [brain, 15.0, 240.0], 0.0)


def _verdict(
    planted: Planted, found: RegisteredMap, body_mm: FloatArray, voxel_mm: float
) -> Verdict:
    pose, error = found.map_from_image, None
    if pose is not None and planted.true_pose is not None:
        apart = pose.apply(body_mm) - planted.true_pose.apply(body_mm)
        error = float(np.percentile(np.linalg.norm(apart, axis=1), 95))
    it = found.agreement or found.before
    voxel = min(voxel_mm, float(planted.series.grid.spacing.min()))
    return Verdict(
        planted.kind,
        planted.good,
        pose is not None,
        error,
        None if error is None else error / voxel,
        None if it is None else (it.similarity, it.sharpness, it.handedness, it.overlap),
    )
