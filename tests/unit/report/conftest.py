"""A small case made of tubes, so that the report can be tested without the other stages."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial import cKDTree

from plexus_mri.core.anatomy import NERVE_KEYS, Nerve, Side, label_index
from plexus_mri.core.case import Case, CaseResult, CaseWarning, QualityNumber, SeriesInfo
from plexus_mri.core.centerline import Centerline
from plexus_mri.core.comparison import Comparison, Pattern, PooledComparison, Region, Verdict
from plexus_mri.core.frame import PatientFrame, SideProof
from plexus_mri.core.grid import Grid
from plexus_mri.core.measurement import (
    COMPARED,
    Measurement,
    MeasurementTable,
    Profile,
    Quality,
    Quantity,
)
from plexus_mri.core.muscle import Muscle, MuscleComparison, MuscleSample, MuscleTable
from plexus_mri.core.nerve_tree import NerveTree, TracedNerve
from plexus_mri.core.reference import ReferenceTissue
from plexus_mri.core.taper import Taper
from plexus_mri.core.volume import EvenImage, LabelMap, Volume
from plexus_mri.reasons import ReasonCode
from plexus_mri.report.canvas import Figure
from plexus_mri.report.figures import draw_figures
from plexus_mri.report.settings import ReportSettings

# Lateral, anterior and cranial of the canal's centre at the C7/T1 disc, in mm.
WAYPOINTS_MM = {
    Nerve.C5: [(14, 7, 51), (17, 10, 50), (30, 14, 33), (42, 18, 18)],
    Nerve.C6: [(14, 7, 33), (18, 10, 32), (31, 14, 25), (42, 18, 18)],
    Nerve.C7: [(14, 7, 17), (18, 10, 16), (31, 13, 12), (44, 16, 8)],
    Nerve.C8: [(14, 6, -1), (18, 9, -2), (30, 11, -5), (40, 12, -8)],
    Nerve.T1: [(13, 5, -19), (17, 7, -17), (29, 10, -12), (40, 12, -8)],
    Nerve.UPPER_TRUNK: [(42, 18, 18), (56, 20, 4), (66, 21, -6)],
    Nerve.MIDDLE_TRUNK: [(44, 16, 8), (56, 17, -2), (66, 18, -11)],
    Nerve.LOWER_TRUNK: [(40, 12, -8), (54, 14, -14), (66, 15, -19)],
    Nerve.LATERAL_CORD: [(66, 21, -6), (82, 22, -20), (96, 23, -32)],
    Nerve.POSTERIOR_CORD: [(66, 18, -11), (81, 17, -24), (94, 16, -36)],
    Nerve.MEDIAL_CORD: [(66, 15, -19), (80, 16, -30), (92, 18, -42)],
}
RADIUS_MM = {nerve: 2.0 if nerve.value[0] in "CT" else 2.4 for nerve in Nerve}
SWOLLEN = (Side.LEFT, Nerve.C6)
MISSING = (Side.RIGHT, Nerve.T1)


def curve(side: Side, nerve: Nerve) -> Centerline:
    """Centerline of a nerve at steps of 1 mm, on the canal's midline x = 4."""
    points = np.array(WAYPOINTS_MM[nerve], dtype=float)
    points[:, 0] = 4.0 + side.sign * points[:, 0]
    return Centerline(points).resampled(1.0)


def radius_along(side: Side, nerve: Nerve, arc_mm: np.ndarray) -> np.ndarray:
    """Radius along a nerve: C6 is swollen on the left around 15 mm."""
    swell = 1.2 * np.exp(-0.5 * ((arc_mm - 15.0) / 4.0) ** 2) if (side, nerve) == SWOLLEN else 0.0
    return RADIUS_MM[nerve] + swell + 0.0 * arc_mm


def grid_of(spacing_mm: float) -> Grid:
    """Coronal-like field of view of 236 x 90 x 160 mm."""
    shape = tuple(int(length / spacing_mm) for length in (236, 90, 160))
    affine = np.diag([spacing_mm, spacing_mm, spacing_mm, 1.0])
    affine[:3, 3] = (-114.0, -35.0, -80.0)
    return Grid(shape, affine)


def paint(spacing_mm: float) -> tuple[Volume, LabelMap]:
    """Muscle with a bright canal and brighter-than-muscle nerves, and their labels."""
    grid = grid_of(spacing_mm)
    world = grid.to_world(np.indices(grid.shape).reshape(3, -1).T)
    rng = np.random.default_rng(7)
    texture = 18.0 * np.sin(world[:, 0] / 9.0) * np.cos(world[:, 2] / 7.0)
    data = 100.0 + texture + rng.normal(0.0, 8.0, len(world))
    data[np.hypot(world[:, 0] - 4.0, world[:, 1]) < 8.0] = 600.0
    data[np.hypot(world[:, 0] - 4.0, (world[:, 1] + 5.0) / 1.4) > 105.0] = 5.0
    labels = np.zeros(len(world), dtype=np.int16)
    for side, nerve in NERVE_KEYS:
        line = curve(side, nerve)
        distance, node = cKDTree(line.points_mm).query(world, distance_upper_bound=5.0)
        radius = np.append(radius_along(side, nerve, line.arc_length_mm), 0.0)[node]
        inside = distance < radius
        data[inside] = 250.0 if (side, nerve) == SWOLLEN else 210.0
        if (side, nerve) != MISSING:
            labels[inside] = label_index(side, nerve)
    return (
        Volume(data.reshape(grid.shape), grid),
        LabelMap(labels.reshape(grid.shape), grid),
    )


def profile_of(side: Side, nerve: Nerve) -> Profile:
    """Profile with the painted radii and a little noise; one node lost in the middle."""
    line = curve(side, nerve)
    arc = line.arc_length_mm
    rng = np.random.default_rng(list(Nerve).index(nerve) + 100 * (side is Side.RIGHT))
    radius = radius_along(side, nerve, arc) + rng.normal(0, 0.04, len(arc))
    csa = np.pi * radius**2
    csa[len(arc) // 2] = np.nan
    flags = [Quality.GOOD] * len(arc)
    flags[-1] = Quality.JUNCTION | Quality.TOUCHING
    signal = np.full(len(arc), 250.0 if (side, nerve) == SWOLLEN else 210.0)
    return Profile(
        nerve=nerve,
        side=side,
        arc_length_mm=arc,
        points_mm=line.points_mm,
        csa_mm2=csa,
        csa_se_mm2=0.06 * csa,
        long_mm=2.0 * radius * 1.1,
        short_mm=2.0 * radius / 1.1,
        angle_deg=np.full(len(arc), 30.0),
        signal=signal + rng.normal(0, 3.0, len(arc)),
        signal_se=np.full(len(arc), 4.0),
        reference=np.full(len(arc), 100.0),
        common_error=np.zeros(len(arc)),
        quality=tuple(flags),
        long_axis=Centerline(line.points_mm).normals(np.eye(3))[0],
    )


def measurements_of(profile: Profile) -> list[Measurement]:
    """One measurement per quantity, from the profile."""
    values = {
        Quantity.LENGTH: float(profile.arc_length_mm[-1]),
        Quantity.CSA_MEAN: float(np.nanmean(profile.csa_mm2)),
        Quantity.CSA_MAX: float(np.nanmax(profile.csa_mm2)),
        Quantity.DIAMETER_MEAN: float(np.nanmean(profile.diameter_mm)),
        Quantity.DIAMETER_AT_0: float(profile.diameter_mm[0]),
        Quantity.DIAMETER_AT_10: float(profile.diameter_mm[10]),
        Quantity.SIGNAL_MEAN: float(np.mean(profile.signal)),
        Quantity.SIGNAL_RATIO_MEAN: float(np.mean(profile.signal_ratio)),
        Quantity.SIGNAL_RATIO_MAX: float(np.max(profile.signal_ratio)),
    }
    error = {q: 0.04 * v for q, v in values.items()}
    return [
        Measurement(
            profile.nerve,
            profile.side,
            quantity,
            value,
            value - 1.96 * error[quantity],
            value + 1.96 * error[quantity],
            error[quantity],
            Quality.THIN if quantity is Quantity.DIAMETER_AT_0 else Quality.GOOD,
        )
        for quantity, value in values.items()
    ]


def compare(table: MeasurementTable, nerve: Nerve, quantity: Quantity) -> Comparison:
    """Compare two sides with an interval of 8 points and a detectable difference of 9."""
    left = table.get(nerve, Side.LEFT, quantity)
    right = table.get(nerve, Side.RIGHT, quantity)
    if left is None or right is None or left.value is None or right.value is None:
        return Comparison(
            nerve,
            quantity,
            left.value if left else None,
            right.value if right else None,
            *(None,) * 4,
            Verdict.NOT_COMPARABLE,
            Pattern.NONE,
            reason=ReasonCode.SIDE_MISSING,
        )
    index = 200.0 * (left.value - right.value) / (left.value + right.value)
    verdict = Verdict.NO_DIFFERENCE
    if abs(index) > 9.0:
        verdict = Verdict.LEFT_LARGER if index > 0 else Verdict.RIGHT_LARGER
    differs = verdict is not Verdict.NO_DIFFERENCE
    return Comparison(
        nerve,
        quantity,
        left.value,
        right.value,
        index,
        index - 8.0,
        index + 8.0,
        9.0,
        verdict,
        Pattern.FOCAL if differs else Pattern.NONE,
        9.0 if differs else None,
        21.0 if differs else None,
    )


def reference_of() -> ReferenceTissue:
    """Reference muscle behind the canal, its left 2 % brighter."""
    heights = np.arange(-60.0, 61.0, 2.0)
    flat = np.full(len(heights), 100.0)
    points = np.stack([flat * 0 + 20.0, flat * 0 - 25.0, heights], axis=1)
    return ReferenceTissue(heights, flat, 0.01 * flat, 1.02, "paraspinal", points, 0.03)


def muscles_of(image: Volume) -> MuscleTable:
    """A brighter left scalene, and a deltoid that only the right side shows."""
    samples = []
    for muscle, side, ratio in (
        (Muscle.SCALENES, Side.LEFT, 1.49),
        (Muscle.SCALENES, Side.RIGHT, 1.01),
        (Muscle.DELTOID, Side.RIGHT, 1.0),
    ):
        middle = np.array([4.0 + side.sign * (40.0 if muscle is Muscle.SCALENES else 100.0), 0, 0])
        start = np.round(image.grid.to_voxel(middle[None])).astype(np.int32)
        voxels = start + np.stack(np.meshgrid(*[np.arange(3)] * 3), axis=-1).reshape(-1, 3)
        samples.append(
            MuscleSample(
                *(muscle, side, np.full(2, ratio), 100.0 * ratio, 2.0, 8.0, ratio),
                *(1500.0, middle, voxels.astype(np.int32)),
            )
        )
    lost = MuscleSample(
        Muscle.DELTOID, Side.LEFT, np.full(2, np.nan), reason=ReasonCode.MUSCLE_OUTSIDE
    )
    rows = (
        MuscleComparison(Muscle.SCALENES, 2, 38.4, 27.3, 48.9, 12.0, Verdict.LEFT_LARGER),
        MuscleComparison(Muscle.DELTOID, 0, reason=ReasonCode.MUSCLE_ONE_SIDE),
    )
    return MuscleTable((*samples[:2], lost, samples[2]), rows)


def make_result(spacing_mm: float = 2.0) -> CaseResult:
    """Make a case with a swollen left C6 and no right T1."""
    image, labels = paint(spacing_mm)
    canal = Centerline(np.array([[4.0, 0.0, z] for z in np.arange(70.0, -71.0, -5.0)]))
    proof = SideProof("sform (code 1)", "centre of the spinal canal", 0.8, 12.9, proven=True)
    frame = PatientFrame(canal, np.array([1.0, 0.0, 0.0]), proof)
    traced, profiles = {}, {}
    for key in NERVE_KEYS:
        if key == MISSING:
            continue
        line = curve(*key)
        radius = radius_along(*key, line.arc_length_mm)
        traced[key] = TracedNerve(line, 0.9, {"support": 0.9, "contrast": 1.0}, radius)
        profiles[key] = profile_of(*key)
    numbers = [m for p in profiles.values() for m in measurements_of(p)]
    numbers += [
        Measurement(MISSING[1], MISSING[0], q, None, reason=ReasonCode.NERVE_NOT_FOUND)
        for q in Quantity
    ]
    table = MeasurementTable(tuple(numbers), profiles, reference_of())
    asymmetry = tuple(compare(table, n, q) for n in Nerve for q in COMPARED)
    series = SeriesInfo(
        3, "STIR", "coronal", "sform (code 1)", 1, "ab" * 32, "the only STIR series",
        {"repetition_time_ms": 3000.0, "echo_time_ms": 60.0},
    )  # fmt: skip
    quality = (
        QualityNumber("nerve_muscle_cnr_left", 9.1, "1", "at least 5", "Rose 1948", passed=True),
        QualityNumber("fat_rim_to_muscle_left", 1.9, "1", "at most 1.5", "ADR-14", passed=False),
        QualityNumber("edge_width_mm", 1.2, "mm", "at most 1.6", "synthetic", passed=True),
        QualityNumber("signal_to_noise", None, "1", "", "", passed=None),
    )  # fmt: skip
    warnings = (
        CaseWarning(
            ReasonCode.LEVEL_DOUBT, "roots", "C5 and T1 are equally likely to be missing."
        ),
    )
    tapers = (
        Taper(Nerve.C6, Side.LEFT, 8.0, 25.0, 12.34, 4.0, 21.0, 1.2345, 1.08, 1.41),
        Taper(Nerve.C6, Side.RIGHT, reason=ReasonCode.TOO_SHORT),
    )
    muscles = muscles_of(image)
    return CaseResult(
        Case("01", None, image, series),
        EvenImage(image, image, 0.03, anew=0.4),
        frame,
        labels,
        NerveTree(traced, {MISSING: ReasonCode.NERVE_NOT_FOUND}),
        table,
        asymmetry,
        quality,
        warnings,
        {"trace": 1.25},
        pooled=(
            PooledComparison(
                Region.ROOTS,
                Quantity.CSA_MEAN,
                (Nerve.C5, Nerve.C6),
                12.4,
                4.1,
                20.6,
                0.0033,
                2e-5,
            ),
            PooledComparison(
                Region.PLEXUS, Quantity.SIGNAL_RATIO_MEAN, (), reason=ReasonCode.SIDE_MISSING
            ),
        ),
        tapers=tapers,
        muscles=muscles,
    )


def without_nerves(result: CaseResult, reason: ReasonCode) -> CaseResult:
    """Give the same case with no nerve found, every one for the same reason."""
    asymmetry = tuple(
        Comparison(n, q, *(None,) * 6, Verdict.NOT_COMPARABLE, Pattern.NONE, reason=reason)
        for n in Nerve
        for q in Quantity
    )
    empty = LabelMap(np.zeros(result.image.grid.shape, np.int16), result.image.grid)
    return replace(
        result,
        labels=empty,
        nerves=NerveTree({}, dict.fromkeys(NERVE_KEYS, reason)),
        table=MeasurementTable(()),
        asymmetry=asymmetry,
    )


def without_side(result: CaseResult, side: Side) -> CaseResult:
    """Give the same case with nothing found on one side."""
    nerves = {k: v for k, v in result.nerves.nerves.items() if k[0] is not side}
    lost = ReasonCode.COVERAGE_LEFT if side is Side.LEFT else ReasonCode.COVERAGE_RIGHT
    missing = {k: lost for k in NERVE_KEYS if k not in nerves}
    table = MeasurementTable(
        tuple(m for m in result.table.measurements if m.side is not side),
        {k: p for k, p in result.table.profiles.items() if k[0] is not side},
    )
    asymmetry = tuple(compare(table, n, q) for n in Nerve for q in COMPARED)
    labels = np.where(np.isin(result.labels.data, [label_index(*k) for k in nerves]), 1, 0)
    return replace(
        result,
        labels=LabelMap(labels * result.labels.data, result.labels.grid),
        nerves=NerveTree(nerves, missing),
        table=table,
        asymmetry=asymmetry,
    )


@pytest.fixture(scope="session")
def result() -> CaseResult:
    """The whole case, on 2 mm voxels."""
    return make_result()


@pytest.fixture(scope="session")
def no_frame(result: CaseResult) -> CaseResult:
    """The case when no midline was found, so nothing was traced."""
    return replace(without_nerves(result, ReasonCode.MIDLINE_NOT_FOUND), frame=None)


@pytest.fixture(scope="session")
def no_nerves(result: CaseResult) -> CaseResult:
    """The case when a midline was found but no nerve."""
    return without_nerves(result, ReasonCode.NERVE_NOT_FOUND)


@pytest.fixture(scope="session")
def right_only(result: CaseResult) -> CaseResult:
    """The case when only the right side was found."""
    return without_side(result, Side.LEFT)


@pytest.fixture(scope="session")
def small() -> ReportSettings:
    """Pictures that are quick to draw."""
    return ReportSettings(picture_width_px=300, section_arc_mm=(0.0, 10.0), section_pixel_mm=1.0)


class DrawnCases(Mapping[str, Mapping[str, Figure]]):
    """Figures of each of the cases above, drawn when first asked for."""

    def __init__(self, request: pytest.FixtureRequest, settings: ReportSettings) -> None:
        self._request, self._settings = request, settings
        self._known: dict[str, Mapping[str, Figure]] = {}

    def __getitem__(self, case: str) -> Mapping[str, Figure]:
        if case not in self._known:
            self._known[case] = draw_figures(self._request.getfixturevalue(case), self._settings)
        return self._known[case]

    def __iter__(self) -> Iterator[str]:
        return iter(("result", "no_frame", "no_nerves", "right_only"))

    def __len__(self) -> int:
        return 4


@pytest.fixture(scope="session")
def drawn(request: pytest.FixtureRequest, small: ReportSettings) -> DrawnCases:
    """Figures of each case by the name of its fixture."""
    return DrawnCases(request, small)
