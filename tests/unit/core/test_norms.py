"""Norms: limits of a range, which norm is applied, and never one of another modality."""

from dataclasses import replace

import pytest
from scipy import stats

from plexus_mri.core.anatomy import Nerve, Side
from plexus_mri.core.comparison import Comparison, Pattern, Verdict
from plexus_mri.core.measurement import Measurement, Quantity
from plexus_mri.core.norms import Modality, Norm, Norms, NormSource, Within
from plexus_mri.errors import SettingsError

MRI = NormSource("Ours", "Unpublished", Modality.MRI, "plexus-mri", "healthy adults", ("STIR",))
ULTRASOUND = replace(MRI, modality=Modality.ULTRASOUND, contrasts=())
NORM = Norm(Nerve.C6, Quantity.CSA_MEAN, 40, MRI, 9.0, 1.5, 8.0, 6.0)


def row(percent, nerve=Nerve.C6):
    return Comparison(
        nerve, Quantity.CSA_MEAN, 9.0, 9.0, percent, *(None,) * 3, Verdict.LEFT_LARGER,
        Pattern.DIFFUSE,
    )  # fmt: skip


def test_the_range_is_the_prediction_interval_of_one_more_person():
    low, high = NORM.value_limits
    spread = 1.5 * (1 + 1 / 40) ** 0.5
    assert (low, high) == pytest.approx(stats.t.interval(0.95, 39, 9.0, spread))
    limit = 8.0 + stats.t.ppf(0.95, 39) * 6.0 * (1 + 1 / 40) ** 0.5
    assert NORM.largest_difference_percent == pytest.approx(limit)


def test_fewer_people_make_a_wider_range_and_none_reaches_below_zero():
    few = replace(NORM, n=10)
    assert few.value_limits[1] > NORM.value_limits[1]
    assert replace(NORM, sd=8.0).value_limits[0] == 0.0


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"n": 9}, "C6 csa_mean_mm2: n must be at least 10, got 9"),
        ({"sd": None}, "a mean needs its sd"),
        ({"mean": -1.0}, "mean and sd must be above 0, got -1.0 and 1.5"),
        ({"sd": float("nan")}, "must be above 0, got 9.0 and nan"),
        ({"mean": None, "sd": None, "side_difference_mean_percent": None,
          "side_difference_sd_percent": None}, "neither mean nor side difference"),
        ({"quantity": Quantity.SIGNAL_MEAN}, "use signal_ratio_mean"),
    ],
)  # fmt: skip
def test_a_norm_that_says_too_little_is_refused(change, sentence):
    with pytest.raises(SettingsError, match=sentence):
        replace(NORM, **change)


@pytest.mark.parametrize("change", [{"contrasts": ()}, {"modality": Modality.HISTOLOGY}])
def test_contrasts_are_for_mri_and_mri_needs_them(change):
    with pytest.raises(SettingsError, match="'contrasts' are needed for MRI"):
        replace(MRI, **change)


def test_a_source_without_a_citation_is_refused():
    with pytest.raises(SettingsError, match="'citation' must not be empty"):
        replace(MRI, citation=" ")


def test_two_norms_for_one_number_are_refused_and_of_two_contrasts_are_not():
    with pytest.raises(SettingsError, match="C6 csa_mean_mm2 has two norms for STIR"):
        Norms((NORM, NORM))
    other = replace(NORM, source=replace(MRI, contrasts=("T2",)))
    assert len(Norms((NORM, other)).norms) == 2


@pytest.mark.parametrize(
    ("percent", "within"), [(10.0, "yes"), (-10.0, "yes"), (25.0, "no"), (-25.0, "no")]
)
def test_a_difference_is_within_up_to_the_limit_on_either_side(percent, within):
    assert Norms((NORM,), contrast="STIR").difference_within(row(percent)) == within


@pytest.mark.parametrize(("value", "within"), [(9.0, "yes"), (5.0, "no"), (13.0, "no")])
def test_a_value_is_within_between_the_limits(value, within):
    m = Measurement(Nerve.C6, Side.LEFT, Quantity.CSA_MEAN, value)
    assert Norms((NORM,), contrast="STIR").value_within(m) == within


@pytest.mark.parametrize("contrast", ["", "T2"])
def test_another_contrast_has_no_norm(contrast):
    norms = Norms((NORM,)).for_contrast(contrast)
    assert norms.difference_within(row(10.0)) is Within.NO_NORM
    m = Measurement(Nerve.C6, Side.LEFT, Quantity.CSA_MEAN, 9.0)
    assert norms.value_within(m) is Within.NO_NORM


def test_ultrasound_is_never_a_norm_for_an_image():
    norms = Norms((replace(NORM, source=ULTRASOUND),), contrast="STIR")
    assert norms.applied(Nerve.C6, Quantity.CSA_MEAN) is None
    assert norms.difference_within(row(10.0)) is Within.NO_NORM


def test_what_is_missing_is_neither_within_nor_outside():
    norms = Norms((NORM,), contrast="STIR")
    assert norms.difference_within(row(None)) is None
    lost = Measurement(Nerve.C6, Side.LEFT, Quantity.CSA_MEAN, None)
    assert norms.value_within(lost) is None
    only_value = replace(NORM, side_difference_mean_percent=None, side_difference_sd_percent=None)
    assert Norms((only_value,), contrast="STIR").difference_within(row(1.0)) is Within.NO_NORM


def test_the_spread_is_the_images_own_else_the_nerves_own_else_the_widest():
    own = replace(NORM, source=ULTRASOUND, side_difference_mean_percent=9.0)
    wide = replace(own, nerve=Nerve.C7, side_difference_mean_percent=20.0)
    norms = Norms((wide, own, NORM))
    assert norms.for_contrast("STIR").spread(Nerve.C6, Quantity.CSA_MEAN) is NORM
    assert norms.spread(Nerve.C6, Quantity.CSA_MEAN) is own
    assert norms.spread(Nerve.T1, Quantity.CSA_MEAN) is wide
    assert norms.spread(Nerve.C6, Quantity.CSA_MAX) is None
