"""Drawn specs are what their kind and population say."""

import json

import pytest

from plexus_mri.core.anatomy import Nerve, Side
from plexus_mri.core.comparison import Pattern
from plexus_mri.errors import InputError
from plexus_mri.synthetic import (
    CaseKind,
    Lesion,
    Plane,
    Population,
    SimulatedCase,
    Variant,
    random_spec,
)
from plexus_mri.synthetic.ranges import DEVELOPMENT_RANGES, HARD_RANGES, VALIDATION_RANGES, Ranges
from plexus_mri.synthetic.storage import stored_as

SEEDS = range(40)


def test_the_same_seed_gives_the_same_spec() -> None:
    assert random_spec(3) == random_spec(3)
    assert random_spec(3) != random_spec(4)


def test_populations_never_share_a_case() -> None:
    drawn = [{random_spec(s, population=p).seed for s in SEEDS} for p in Population]
    assert len(set.union(*drawn)) == sum(map(len, drawn))


def test_validation_has_spacings_of_its_own() -> None:
    assert set(VALIDATION_RANGES.in_plane_mm).isdisjoint(HARD_RANGES.in_plane_mm)
    assert set(VALIDATION_RANGES.slice_mm).isdisjoint(HARD_RANGES.slice_mm)


@pytest.mark.parametrize("development", [DEVELOPMENT_RANGES, HARD_RANGES])
def test_validation_reaches_farther_in_every_range(development: Ranges) -> None:
    for name in ("turn_deg", "cnr", "te_ms", "bias_percent", "diameter_factor", "offset_x_mm"):
        low, high = getattr(development, name)
        wide_low, wide_high = getattr(VALIDATION_RANGES, name)
        assert wide_high - wide_low > high - low, name


def test_symmetric_cases_have_no_lesion_and_equal_variants() -> None:
    for seed in SEEDS:
        spec = random_spec(seed, kind=CaseKind.SYMMETRIC)
        assert spec.lesions == ()
        assert spec.anatomy.left.variant == spec.anatomy.right.variant
        assert spec.anatomy.left.seed != spec.anatomy.right.seed


def test_lesion_cases_have_one_to_three_lesions_on_different_nerves() -> None:
    for seed in SEEDS:
        lesions = random_spec(seed, kind=CaseKind.LESIONS).lesions
        assert 1 <= len(lesions) <= 3
        assert len({(lesion.side, lesion.nerve) for lesion in lesions}) == len(lesions)


def test_lesions_fall_on_both_sides_and_in_every_pattern() -> None:
    lesions = [lesion for seed in SEEDS for lesion in random_spec(seed).lesions]
    assert {lesion.side for lesion in lesions} == set(Side)
    assert {lesion.pattern for lesion in lesions} == set(Pattern) - {Pattern.NONE}


def test_variant_cases_have_a_variant_on_some_side() -> None:
    for seed in SEEDS:
        anatomy = random_spec(seed, kind=CaseKind.VARIANT).anatomy
        assert {anatomy.left.variant, anatomy.right.variant} != {Variant.REGULAR}


def test_cut_cases_look_past_one_side() -> None:
    for seed in SEEDS:
        assert abs(random_spec(seed, kind=CaseKind.CUT).acquisition.center_mm[0]) >= 60


def test_most_cases_are_coronal() -> None:
    planes = [random_spec(seed).acquisition.plane for seed in SEEDS]
    assert planes.count(Plane.CORONAL) > 0.8 * len(planes)


def test_specs_can_be_written_as_json() -> None:
    written = json.loads(json.dumps(random_spec(1).to_dict()))
    assert set(written) == {"seed", "anatomy", "acquisition", "lesions"}


@pytest.mark.parametrize(
    ("pattern", "centers_mm"), [(Pattern.FOCAL, ()), (Pattern.DIFFUSE, (3.0,)), (Pattern.NONE, ())]
)
def test_lesion_must_have_the_centers_of_its_pattern(
    pattern: Pattern, centers_mm: tuple[float, ...]
) -> None:
    with pytest.raises(InputError, match=f"{pattern} lesion cannot have"):
        Lesion(Side.LEFT, Nerve.C6, pattern, centers_mm=centers_mm)


def test_lesion_must_have_positive_factors() -> None:
    with pytest.raises(InputError, match="must be positive"):
        Lesion(Side.LEFT, Nerve.C6, diameter_factor=0.0)


def test_unknown_axis_codes_are_refused(case: SimulatedCase) -> None:
    with pytest.raises(InputError, match="'RRS'"):
        stored_as(case.image, "RRS")
