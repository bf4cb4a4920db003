"""The tests that decide trust: storage order, mirrored anatomy, doubled spacing."""

from dataclasses import fields, replace

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from plexus_mri.core.anatomy import ROOTS, Nerve, Side
from plexus_mri.core.case import Case, CaseResult, SeriesInfo
from plexus_mri.core.centerline import Centerline
from plexus_mri.core.grid import Grid
from plexus_mri.core.measurement import Measurement, Quantity
from plexus_mri.core.nerve_tree import NerveTree
from plexus_mri.core.volume import EvenImage, Volume
from plexus_mri.measure.measure import measure_nerves
from plexus_mri.measure.settings import MeasureSettings
from plexus_mri.pipeline import run_case
from plexus_mri.settings import Settings
from plexus_mri.synthetic import CaseKind, random_spec, simulate
from tests.unit.core.test_values import stored_as

pytestmark = pytest.mark.slow
RATIOS = {
    Quantity.SIGNAL_RATIO_MEAN,
    Quantity.SIGNAL_RATIO_MAX,
    Quantity.SIGNAL_MEAN,
    Quantity.SIGNAL_RAW_MEAN,
    Quantity.SIGNAL_SPREAD_MEAN,
}
# A place in mm moves along when lengths are doubled.
PLACES = {Quantity.DIAMETER_AT_10}
LARGEST = {Quantity.CSA_MAX, Quantity.SIGNAL_RATIO_MAX}
AREAS = {Quantity.CSA_MEAN, Quantity.CSA_MAX, Quantity.CSA_MASK_MEAN}


def measured(image: Volume) -> CaseResult:
    series = SeriesInfo(1, "stir", "coronal", "sform (code 1)", 1, "")
    return run_case(Case("sub-01", None, image, series), Settings())


def number(measurement: Measurement) -> float:
    return np.nan if measurement.value is None else measurement.value


def numbers(result: CaseResult) -> dict:
    return {(m.nerve, m.side, m.quantity): number(m) for m in result.table.measurements}


@pytest.fixture(scope="module")
def image() -> Volume:
    """A lesion case between the shoulders at 1.2 mm: two voxels across a root, two short runs."""
    spec = random_spec(3, kind=CaseKind.LESIONS)
    coarse = replace(spec.acquisition, shape=(160, 70, 140), spacing_mm=(1.2, 1.2, 1.2))
    return simulate(replace(spec, acquisition=coarse)).image.to_ras()


@pytest.fixture(scope="module")
def result(image) -> CaseResult:
    return measured(image)


def test_the_case_is_worth_testing(result):
    assert {(s, n) for s in Side for n in ROOTS} <= set(result.nerves)


def turned(image: Volume) -> Volume:
    """The same voxels with a header turned by 15 degrees about a skew axis and 40 mm away."""
    pose = np.eye(4)
    pose[:3, :3] = Rotation.from_rotvec(np.deg2rad(15.0) * np.array([2, -2, 1]) / 3).as_matrix()
    pose[:3, 3] = -25.0, 26.0, 17.0
    return Volume(image.data, Grid(image.grid.shape, pose @ image.grid.affine))


def test_mirrored_and_turned_in_another_order_swaps_left_and_right_and_the_sign_of_the_index(
    image, result
):
    """How an image is stored and laid changes nothing, mirroring swaps the sides: in one run.

    That all 48 orders of axes end in the same array is a test of the image itself.
    """
    mirrored = measured(turned(stored_as(image.mirrored(), (2, 0, 1), (True, False, True))))
    swapped = {
        (nerve, side.opposite, quantity): value
        for (nerve, side, quantity), value in numbers(mirrored).items()
    }
    # Rounding (1e-7) turns a choice among trial neighbours at single sections near a ganglion, and
    # the sections that it is carried to: 8 of 166 numbers here. No number leaves its own interval
    # by that, and all others are the same.
    ours = {(m.nerve, m.side, m.quantity): m for m in result.table.measurements}
    turned_by_rounding = [
        key
        for key in ours
        if swapped[key] != pytest.approx(number(ours[key]), rel=1e-5, nan_ok=True)
    ]
    assert len(turned_by_rounding) <= 0.1 * len(ours)
    for key in turned_by_rounding:
        assert ours[key].ci_low <= swapped[key] <= ours[key].ci_high, key
    for one, other in zip(result.asymmetry, mirrored.asymmetry, strict=True):
        index, theirs = one.asymmetry_percent, other.asymmetry_percent
        assert (index is None) == (theirs is None)
        if index is not None and -theirs != pytest.approx(index, abs=0.01):
            assert one.ci_low <= -theirs <= one.ci_high, (one.nerve, one.quantity)


def doubled(line: Centerline) -> Centerline:
    return Centerline(line.points_mm * 2)


def test_doubled_spacing_doubles_lengths_quadruples_areas_and_keeps_ratios(result):
    """Every length of the image, of the curves and of the settings is doubled.

    A thin root of the neck and a thick one, which leans, on both sides.
    """
    grid = result.image.grid
    affine = np.diag([2.0, 2.0, 2.0, 1.0]) @ grid.affine
    large = Volume(result.image.data, Grid(grid.shape, affine))
    tree = NerveTree(
        {
            key: replace(
                nerve,
                centerline=doubled(nerve.centerline),
                radius_mm=nerve.radius_mm * 2,
                junction_mm=tuple(2 * arc for arc in nerve.junction_mm),
                bridges_mm=tuple((2 * first, 2 * last) for first, last in nerve.bridges_mm),
            )
            for key, nerve in result.nerves.nerves.items()
            if key[1] in (Nerve.C5, Nerve.C8)
        },
        result.nerves.missing,
    )
    frame = replace(result.frame, canal=doubled(result.frame.canal), rights=None)
    small_tree = replace(tree, nerves={k: result.nerves[k] for k in tree})
    once = measure_nerves(EvenImage(result.image), small_tree, result.frame, MeasureSettings())
    twice = measure_nerves(EvenImage(large), tree, frame, twice_as_long(MeasureSettings()))
    compared = 0
    for m in once.measurements:
        large_value = twice.get(m.nerve, m.side, m.quantity).value
        if m.value is None or m.quantity in PLACES or rests_on_a_doubt(m, once, twice):
            continue
        factor = 4 if m.quantity in AREAS else 1 if m.quantity in RATIOS else 2
        # 3 %: the fits stop at a tolerance in mm, which may turn what is taken for a neighbour at
        # single nodes: at other spacings 4 % of a mean was seen.
        # A largest value is the mean of three nodes, one of which may so turn: its own error.
        turns = factor * m.standard_error if m.quantity in LARGEST else 0.0
        expected = pytest.approx(factor * m.value, rel=0.03, abs=turns)
        assert large_value == expected, (m.nerve, m.quantity)
        compared += 1
    # Of each of the four nerves seven numbers that rest on no single node.
    assert compared >= 28


def rests_on_a_doubt(m, once, twice) -> bool:
    """Whether a number can turn with one fit or voxel: a largest value, or a limit of a count.

    A fit that is just trusted at one spacing may not be at the other, and then the largest value
    is another's; the spread is given from eight independent voxels on.
    """
    flags, others = (table.profiles[m.side, m.nerve].quality for table in (once, twice))
    return (m.quantity in LARGEST and flags != others) or m.quantity is Quantity.SIGNAL_SPREAD_MEAN


def twice_as_long(settings: MeasureSettings) -> MeasureSettings:
    """Settings with every length doubled; fractions of voxels and percents stay."""
    changes = {}
    for item in fields(settings):
        value = getattr(settings, item.name)
        if item.name.endswith("_mm"):
            scaled = tuple(2 * v for v in value) if isinstance(value, tuple) else 2 * value
            changes[item.name] = scaled
    return replace(settings, **changes)
