import numpy as np
import pytest

from plexus_mri.core.anatomy import Nerve, Side
from plexus_mri.core.centerline import Centerline
from plexus_mri.core.frame import PatientFrame, SideProof
from plexus_mri.core.nerve_tree import NerveTree, TracedNerve
from plexus_mri.core.volume import EvenImage, Volume
from plexus_mri.preprocess.bias import even_at_nerves, remove_shading
from plexus_mri.preprocess.settings import PreprocessSettings
from tests.unit.shapes import grid_of

GRID = grid_of((90, 45, 60), 3.0)
X, Y, Z = (np.moveaxis(GRID.to_world(np.indices(GRID.shape).reshape(3, -1).T), -1, 0)).reshape(
    3, *GRID.shape
)
MUSCLE = (np.floor(X / 27) + np.floor(Y / 27) + np.floor(Z / 27)) % 2 == 0
FRAME = PatientFrame(
    Centerline(np.array([[0.0, 0.0, 80.0], [0.0, 0.0, -80.0]])),
    np.array([1.0, 0.0, 0.0]),
    SideProof("test", "drawn", None, None, proven=True),
)


def nerve(side: Side) -> TracedNerve:
    """A nerve in the plane y = 10 mm."""
    points = np.array([[20.0, 10.0, 20.0], [80.0, 10.0, -30.0]]) * [side.sign, 1, 1]
    return TracedNerve(Centerline(points), 1.0, {}, np.ones(2), ())


NERVES = NerveTree({(side, Nerve.UPPER_TRUNK): nerve(side) for side in Side}, {})


def neck(shoulder: float, bend: float = 0.0) -> Volume:
    """Two tissues under a field; the left shoulder's muscle is ``shoulder`` times as bright.

    ``bend`` is the height of a wave over the slope of the field.
    """
    own = (X < -60) & (Y < 10) & MUSCLE
    tissue = np.where(MUSCLE, 200.0, 90.0) * np.where(own, shoulder, 1.0)
    noise = np.random.default_rng(7).normal(0, 3, GRID.shape)
    return Volume(
        tissue * np.exp(0.2 * X / 133 + 0.1 * Z / 88 + bend * np.cos(X / 40)) + noise, GRID
    )


def freed(image: Volume) -> EvenImage:
    first = remove_shading(image, PreprocessSettings())
    return even_at_nerves(first, NERVES, FRAME, PreprocessSettings())


def test_a_mildly_bright_shoulder_does_not_move_the_field_beside_it():
    healthy, sick = freed(neck(1.0)).image.data, freed(neck(1.2)).image.data
    change, beside = np.log(sick / healthy), (np.abs(X) < 60) & MUSCLE
    left, right = (np.median(change[beside & side]) for side in (X < 0, X > 0))
    assert left == pytest.approx(right, abs=0.002)  # voxels at the border hold both sides of it


def test_the_bright_shoulder_stays_bright():
    """1.2 times is within the tolerance about muscle: counted, it would be evened out."""
    even = freed(neck(1.2)).image.data
    own = (np.abs(X) > 70) & (Y < 0) & MUSCLE
    ratio = np.median(even[own & (X < 0)]) / np.median(even[own & (X > 0)])
    # The coarse grid smooths the shoulder into the voxels at its border, which pull by 3-4 %.
    assert ratio == pytest.approx(1.2, abs=0.05)


def test_mirrored_patient_gives_the_mirrored_image():
    straight = freed(neck(1.2)).image.data
    image = neck(1.2)
    mirrored = freed(Volume(image.data[::-1], GRID)).image.data
    # Sums run in another order on a mirrored array: rounding, widened by the rounds of the fit.
    assert mirrored[::-1] == pytest.approx(straight, rel=1e-4)


def test_where_the_fields_differ_at_the_nerves_is_part_of_the_error():
    image = neck(1.2)
    first = remove_shading(image, PreprocessSettings())
    after = even_at_nerves(first, NERVES, FRAME, PreprocessSettings())
    points = np.concatenate([nerve.centerline.points_mm for nerve in NERVES.nerves.values()])
    apart = np.std(after.log_field.sample(points) - first.log_field.sample(points))
    assert apart > first.shading_error  # the bright shoulder draws the first field by more
    assert after.shading_error >= apart * (1.0 - 1e-5)  # fields are held in single precision


def test_a_nerve_that_runs_to_the_edge_of_the_image_hides_no_difference():
    """The coarse grid ends before the image does: what lies beyond it has no field to compare."""
    first = remove_shading(neck(1.2), PreprocessSettings())
    points = np.array(
        [[20.0, 10.0, 20.0], [80.0, 10.0, -30.0], [GRID.corners_mm[:, 0].max(), 10, -60]]
    )
    long = TracedNerve(Centerline(points), 1.0, {}, np.ones(3), ())
    to_edge = NerveTree(NERVES.nerves | {(Side.LEFT, Nerve.LOWER_TRUNK): long}, {})
    after = even_at_nerves(first, to_edge, FRAME, PreprocessSettings())
    assert after.shading_error > first.shading_error


def test_where_shading_bends_strongly_all_muscle_counts():
    first = remove_shading(neck(1.0, bend=0.4), PreprocessSettings())
    after = even_at_nerves(first, NERVES, FRAME, PreprocessSettings())
    assert np.ptp(first.log_field.data) > 0.6
    assert after.image.data == pytest.approx(first.image.data, rel=1e-5)


def test_the_field_is_told_where_it_lies():
    """What was taken off is the exponential of the field, at any place of the image."""
    first = remove_shading(neck(1.0), PreprocessSettings())
    points = np.array([[40.0, 5.0, 20.0], [-60.0, -20.0, 0.0], [10.0, 30.0, -50.0]])
    taken = np.log(first.acquired.sample(points) / first.image.sample(points))
    # Straight lines between coarse voxels against splines.
    assert first.log_field.sample(points) == pytest.approx(taken, abs=0.003)


@pytest.mark.parametrize(
    ("nerves", "frame"), [(NerveTree({}, {}), FRAME), (NERVES, None)], ids=["no nerve", "no frame"]
)
def test_without_nerves_or_midline_the_image_stays(nerves, frame):
    first = remove_shading(neck(1.0), PreprocessSettings())
    assert even_at_nerves(first, nerves, frame, PreprocessSettings()) is first


def test_with_hardly_any_other_muscle_the_image_stays():
    image = neck(1.0)
    own = (np.abs(X) > 60) & (Y < 10)
    first = remove_shading(image.with_data(np.where(own, image.data, 1.0)), PreprocessSettings())
    assert even_at_nerves(first, NERVES, FRAME, PreprocessSettings()) is first


def test_switched_off_nothing_is_taken_off():
    first = remove_shading(neck(1.0), PreprocessSettings(correct_bias=False))
    assert even_at_nerves(first, NERVES, FRAME, PreprocessSettings()) is first
