"""The image and the truth of whole cases agree with each other and with the spec."""

import json
from dataclasses import replace

import numpy as np
import pytest
from scipy import ndimage

from plexus_mri.core.anatomy import (
    CORDS,
    NERVE_KEYS,
    ROOTS,
    TRUNKS,
    Nerve,
    Side,
    label_index,
)
from plexus_mri.core.comparison import Pattern
from plexus_mri.synthetic import (
    AcquisitionSpec,
    Lesion,
    PhantomSpec,
    PhantomTruth,
    Sequence,
    SimulatedCase,
    Variant,
    plain_anatomy,
    simulate,
)
from plexus_mri.synthetic.tissue import relative_signal
from tests.unit.synthetic.conftest import CLEAN

TINY = AcquisitionSpec(shape=(12, 10, 8), spacing_mm=(3.0, 3.0, 3.0))


def truth_of(spec: PhantomSpec) -> PhantomTruth:
    """Truth alone: the image is a few voxels."""
    return simulate(replace(spec, acquisition=TINY)).truth


def test_every_nerve_of_both_sides_has_a_truth(case: SimulatedCase) -> None:
    assert set(case.truth.nerves) == set(NERVE_KEYS)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_lengths_are_those_of_anatomy(seed: int) -> None:
    nerves = truth_of(PhantomSpec(seed, plain_anatomy(seed))).nerves
    ranges = {**dict.fromkeys(TRUNKS, (28, 48)), **dict.fromkeys(CORDS, (38, 56))}
    for (_, nerve), truth in nerves.items():
        low, high = ranges.get(nerve, (20, 60))
        assert low < truth.centerline.length_mm < high


def test_nodes_are_three_quarters_of_a_millimetre_apart(case: SimulatedCase) -> None:
    for truth in case.truth.nerves.values():
        steps = np.diff(truth.centerline.arc_length_mm)
        # Chords of a curve bent with a radius of 5 mm are 0.1 % short.
        np.testing.assert_allclose(steps[:-1], 0.75, rtol=2e-3)
        assert 0.37 < steps[-1] < 1.13


def test_roots_start_at_their_ganglion_and_end_where_their_trunk_starts(
    case: SimulatedCase,
) -> None:
    nerves = case.truth.nerves
    for side in Side:
        for root, trunk in zip(
            ROOTS, [TRUNKS[0], TRUNKS[0], TRUNKS[1], TRUNKS[2], TRUNKS[2]], strict=True
        ):
            truth = nerves[side, root]
            # The widest section is the ganglion's, within its half length of 4 mm.
            assert truth.centerline.arc_length_mm[np.argmax(truth.csa_mm2)] < 4.0
            gap = truth.centerline.points_mm[-1] - nerves[side, trunk].centerline.points_mm[0]
            assert np.linalg.norm(gap) < 1.5


def test_right_side_lies_at_larger_x_than_the_canal(case: SimulatedCase) -> None:
    canal_x = case.truth.canal.points_mm[:, 0].mean()
    for (side, _), truth in case.truth.nerves.items():
        assert side.sign * (truth.centerline.points_mm[:, 0].mean() - canal_x) > 10


def test_sizes_are_those_of_ultrasound(case: SimulatedCase) -> None:
    published = {Nerve.C5: 5.66, Nerve.C6: 8.98, Nerve.C7: 10.43, Nerve.C8: 10.76}
    for nerve, area_mm2 in published.items():
        truth = case.truth.nerves[Side.RIGHT, nerve]
        beyond = truth.csa_mm2[truth.centerline.arc_length_mm > 8]
        # 10 % taper and 4 % natural unevenness.
        assert beyond.mean() == pytest.approx(0.95 * area_mm2, rel=0.08)


def test_section_is_the_area_of_its_ellipse(case: SimulatedCase) -> None:
    truth = case.truth.nerves[Side.LEFT, Nerve.C6]
    np.testing.assert_allclose(truth.csa_mm2, np.pi / 4 * truth.long_mm * truth.short_mm)
    tilt = np.abs((truth.long_axis * truth.centerline.tangents).sum(axis=1))
    # The curve's own tangents differ from those used at the ends by half a step of bending.
    assert tilt.max() < 0.05


def test_symmetric_case_has_equal_sections_at_equal_arc_length(case: SimulatedCase) -> None:
    for nerve in Nerve:
        left, right = (case.truth.nerves[side, nerve] for side in Side)
        common = min(len(left.csa_mm2), len(right.csa_mm2)) - 1
        arcs = [truth.centerline.arc_length_mm[:common] for truth in (left, right)]
        # Chords are shorter than the curve by up to some micrometres a step.
        np.testing.assert_allclose(*arcs, atol=0.02)
        for name in ("csa_mm2", "long_mm", "angle_deg", "signal"):
            mine, other = (getattr(truth, name)[:common] for truth in (left, right))
            np.testing.assert_allclose(mine, other, rtol=0.01, atol=0.02, err_msg=name)


def test_sides_differ_in_their_course(case: SimulatedCase) -> None:
    left, right = (case.truth.nerves[side, Nerve.C7].centerline for side in Side)
    mirrored = left.mirrored().points_mm
    count = min(len(mirrored), len(right.points_mm))
    assert np.abs(mirrored[:count] - right.points_mm[:count]).max() > 0.5


def test_diffuse_lesion_enlarges_and_brightens_its_nerve_alone(spec: PhantomSpec) -> None:
    lesion = Lesion(Side.LEFT, Nerve.C6, diameter_factor=1.45, t2_factor=1.46)
    healthy, ill = truth_of(spec), truth_of(replace(spec, lesions=(lesion,)))
    for key, before in healthy.nerves.items():
        factor = 1.45**2 if key == (Side.LEFT, Nerve.C6) else 1.0
        np.testing.assert_allclose(ill.nerves[key].csa_mm2, factor * before.csa_mm2)
    key = (Side.LEFT, Nerve.C6)
    gain = ill.nerves[key].signal / healthy.nerves[key].signal
    acquisition = spec.acquisition
    before, after = (
        relative_signal(acquisition, t1_ms, t2_ms) for t1_ms, t2_ms in ((1083, 65), (1250, 95))
    )
    # Beyond the ganglion, where T2 is 65 ms but for 2 % of natural unevenness.
    np.testing.assert_allclose(gain[12:], after / before, rtol=0.02)


def test_focal_lesion_has_its_full_size_at_its_center_and_none_beyond(spec: PhantomSpec) -> None:
    lesion = Lesion(
        Side.RIGHT,
        Nerve.C7,
        Pattern.FOCAL,
        diameter_factor=1.5,
        centers_mm=(15.0,),
        half_length_mm=6.0,
    )
    healthy, ill = truth_of(spec), truth_of(replace(spec, lesions=(lesion,)))
    key = (Side.RIGHT, Nerve.C7)
    arc = healthy.nerves[key].centerline.arc_length_mm
    factor = ill.nerves[key].diameter_mm / healthy.nerves[key].diameter_mm
    assert np.interp(15.0, arc, factor) == pytest.approx(1.5, abs=0.01)
    np.testing.assert_allclose(factor[np.abs(arc - 15) > 6], 1.0)


def test_nerve_part_of_the_image_holds_the_volume_of_the_true_tube(spec: PhantomSpec) -> None:
    wide = Lesion(Side.RIGHT, Nerve.MIDDLE_TRUNK, diameter_factor=1.0001, t2_factor=50.0)
    acquisition = replace(CLEAN, blur_voxels=0, shape=(60, 40, 60), center_mm=(58.0, 14.0, -4.0))
    plain = simulate(replace(spec, acquisition=acquisition))
    lit = simulate(replace(spec, acquisition=acquisition, lesions=(wide,)))
    truth = lit.truth.nerves[Side.RIGHT, Nerve.MIDDLE_TRUNK]
    arc = truth.centerline.arc_length_mm
    # Only the trunk's own signal changed, so the difference is its share of each voxel.
    gain = (truth.signal - plain.truth.nerves[Side.RIGHT, Nerve.MIDDLE_TRUNK].signal).mean()
    volume = float((lit.image.data - plain.image.data).sum() / gain)
    assert lit.truth.covered((Side.RIGHT, Nerve.MIDDLE_TRUNK)).all()
    # Rounded ends add two half balls, shared with the root and the divisions.
    ends = 4 / 3 * np.pi * (truth.diameter_mm[[0, -1]].mean() / 2) ** 3
    assert np.trapezoid(truth.csa_mm2, arc) < volume * 1.02
    assert volume < 1.02 * (np.trapezoid(truth.csa_mm2, arc) + ends)


def test_intensity_in_the_middle_of_a_nerve_is_the_true_signal(clean: SimulatedCase) -> None:
    truth = clean.truth.nerves[Side.RIGHT, Nerve.C7]
    inner = (truth.centerline.arc_length_mm < 3) & (truth.short_mm > 4)
    values = clean.image.sample(truth.centerline.points_mm[inner])
    # All eight voxels around the axis of a nerve wider than 4 mm are filled.
    np.testing.assert_allclose(values, truth.signal[inner], rtol=0.02)


def test_labels_follow_the_centerlines(clean: SimulatedCase) -> None:
    labels = clean.truth.labels
    for key in ((Side.RIGHT, Nerve.C6), (Side.RIGHT, Nerve.UPPER_TRUNK)):
        covered = clean.truth.nerves[key].centerline.points_mm[clean.truth.covered(key)]
        ijk = np.round(labels.grid.to_voxel(covered)).astype(int)
        found = labels.data[tuple(ijk.T)]
        # Where a root enters its trunk, or a trunk its divisions, the neighbour's label may stand.
        assert (found == label_index(*key)).mean() > 0.8


def test_covered_says_which_nodes_are_in_the_field_of_view(case: SimulatedCase) -> None:
    assert case.truth.covered((Side.RIGHT, Nerve.C7)).all()
    assert not case.truth.covered((Side.LEFT, Nerve.C7)).any()
    cut = case.truth.covered((Side.RIGHT, Nerve.UPPER_TRUNK))
    points = case.truth.nerves[Side.RIGHT, Nerve.UPPER_TRUNK].centerline.points_mm
    # The field ends at x = 64 mm.
    np.testing.assert_array_equal(cut, points[:, 0] <= 64.0)
    assert cut.any()
    assert not cut.all()


def test_the_same_spec_gives_the_same_bytes(spec: PhantomSpec, case: SimulatedCase) -> None:
    again = simulate(spec)
    assert again.image.data.tobytes() == case.image.data.tobytes()
    assert again.truth.labels.data.tobytes() == case.truth.labels.data.tobytes()
    assert json.dumps(again.truth.to_dict()) == json.dumps(case.truth.to_dict())


def test_another_seed_gives_another_image(spec: PhantomSpec, case: SimulatedCase) -> None:
    other = simulate(replace(spec, seed=spec.seed + 1))
    assert not np.array_equal(other.image.data, case.image.data)


def test_a_body_without_nerves_has_none_and_is_else_the_same(clean: SimulatedCase) -> None:
    bare = replace(clean.spec, anatomy=replace(clean.spec.anatomy, nerves=False))
    without = simulate(bare)
    assert without.truth.nerves == {}
    assert not without.truth.labels.data.any()
    nerve = clean.truth.labels.data > 0
    changed = without.image.data != clean.image.data
    assert changed[nerve].mean() > 0.99
    # Unnamed nerves, coats of fat and what the soft rims touch are few beside the whole body.
    assert changed.mean() < 0.2


def test_canal_is_bright_and_air_is_dark() -> None:
    acquisition = replace(
        CLEAN, shape=(120, 50, 50), spacing_mm=(2.0, 2.0, 2.0), center_mm=(0, 10, 40)
    )
    case = simulate(PhantomSpec(5, plain_anatomy(5), acquisition))
    canal = case.truth.canal.points_mm
    inside = canal[case.image.grid.contains(canal, margin_mm=4)]
    beside = inside + np.array([8.0, 0.0, 0.0])
    # The cord fills the middle, fluid surrounds it.
    fluid = float(np.nanmax([case.image.sample(p[None])[0] for p in np.vstack([inside, beside])]))
    assert fluid > 2 * case.truth.muscle_signal
    assert np.percentile(case.image.data[:3], 50) < 0.1 * case.truth.muscle_signal


@pytest.mark.parametrize("sequence", list(Sequence))
def test_every_sequence_has_the_wanted_nerve_signal(sequence: Sequence, spec: PhantomSpec) -> None:
    tr_ms, te_ms = (600.0, 10.0) if sequence is Sequence.T1 else (3000.0, 70.0)
    acquisition = replace(TINY, sequence=sequence, tr_ms=tr_ms, te_ms=te_ms, nerve_signal=300.0)
    truth = simulate(replace(spec, acquisition=acquisition)).truth
    cord = truth.nerves[Side.LEFT, Nerve.MEDIAL_CORD]
    # 2 % natural unevenness of T2 changes the signal by up to 2.2 % at TE 70 ms, T2 65 ms.
    assert cord.signal.mean() == pytest.approx(300.0, rel=0.025)
    np.testing.assert_allclose(cord.signal_ratio, cord.signal / truth.muscle_signal)


def test_prefixed_side_has_a_thin_t1_root(spec: PhantomSpec) -> None:
    left = replace(spec.anatomy.left, variant=Variant.PREFIXED)
    truth = truth_of(replace(spec, anatomy=replace(spec.anatomy, left=left)))
    areas = {side: truth.nerves[side, Nerve.T1].csa_mm2[-1] for side in Side}
    assert areas[Side.LEFT] < 0.6 * areas[Side.RIGHT]


def test_stored_order_changes_no_world_point(spec: PhantomSpec) -> None:
    small = replace(CLEAN, shape=(30, 24, 20))
    plain, turned = (
        simulate(replace(spec, acquisition=replace(small, axis_codes=codes))).image
        for codes in ("RAS", "LSP")
    )
    assert turned.data.shape == (30, 20, 24)
    np.testing.assert_array_equal(turned.to_ras().data, plain.data)


def test_nerves_stand_out_by_the_wanted_contrast_to_noise(case: SimulatedCase) -> None:
    truth = case.truth
    contrast = case.spec.acquisition.nerve_signal - truth.muscle_signal
    assert contrast / truth.noise_sigma == pytest.approx(case.spec.acquisition.cnr)


def test_thick_slices_keep_the_mean_intensity(spec: PhantomSpec) -> None:
    thin = replace(CLEAN, blur_voxels=0, shape=(50, 36, 50), center_mm=(40, 12, 10))
    thick = replace(thin, shape=(50, 12, 50), spacing_mm=(1.0, 3.0, 1.0))
    one, three = (simulate(replace(spec, acquisition=it)).image.data for it in (thin, thick))
    boxed = ndimage.uniform_filter1d(one, 3, axis=1)[:, 1::3]
    # Bodies are drawn with edges one sub-voxel soft, which differ between the grids.
    assert np.abs(boxed - three).mean() < 0.05 * one.mean()
