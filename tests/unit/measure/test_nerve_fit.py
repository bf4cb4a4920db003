"""Two fits of one section, averaged by their evidence."""

from dataclasses import replace

import numpy as np
import pytest

from plexus_mri.measure.coat_along import coat_shares
from plexus_mri.measure.nerve_fit import NerveFit, TwoFits, average
from plexus_mri.measure.settings import MeasureSettings

NARROW = NerveFit(
    np.zeros(6),
    np.full(6, 0.01),
    1.0,
    5.0,
    settled=True,
    log_evidence=0.0,
    pulls=np.zeros((3, 2)),
    borrowed=np.zeros(2),
)
WIDE = replace(NARROW, values=np.full(6, 0.3))


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_a_sure_choice_is_that_fit(share):
    found = average(NARROW, WIDE, share)
    chosen = WIDE if share else NARROW
    assert found.values == pytest.approx(chosen.values)
    assert found.variances == pytest.approx(chosen.variances)


def test_disagreement_is_part_of_the_error():
    found = average(NARROW, WIDE, 0.5)
    assert found.values == pytest.approx(0.15)
    assert found.variances == pytest.approx(0.01 + 0.15**2)


def test_agreement_leaves_the_error_alone():
    assert average(NARROW, NARROW, 0.5).variances == pytest.approx(NARROW.variances)


def told(*evidence: float | None) -> list[TwoFits | None]:
    """Two fits a node; None where there is none."""
    return [None if e is None else TwoFits(NARROW, WIDE, e, 0.0) for e in evidence]


def test_a_coat_is_told_by_the_sections_around():
    settings = MeasureSettings()
    alone, _ = coat_shares(told(-3.0), settings)
    assert alone == pytest.approx(1.0 / (1.0 + np.exp(3.0 * settings.evidence_share)))
    beside, _ = coat_shares(told(*[-3.0] * 11), settings)
    # Sections of 3 mm: in 10 mm there are more than two that share no voxels.
    assert beside[5] < 1.0 / (1.0 + np.exp(6.0 * settings.evidence_share))
    mixed, _ = coat_shares(told(*[-3.0] * 5, 3.0, *[-3.0] * 5), settings)
    assert mixed[5] < alone[0]


def test_what_the_blur_leaves_in_fat_is_no_coat_however_many_sections_show_it():
    settings = MeasureSettings()
    in_fat = [TwoFits(NARROW, WIDE, 11.0, -13.0)]
    alone, _ = coat_shares(in_fat, settings)
    beside, _ = coat_shares(in_fat * 11, settings)
    assert beside[5] < alone[0] < 0.5


def test_a_section_without_a_second_fit_has_no_coat_and_tells_nothing():
    shares, change = coat_shares([*told(4.0, None), TwoFits(NARROW)], MeasureSettings())
    assert shares[0] > 0.5
    assert shares[1:].tolist() == [0.0, 0.0]
    assert np.count_nonzero(change) == 1
    assert TwoFits(NARROW).averaged(0.0) is NARROW


def test_the_change_of_a_chance_is_its_derivative_by_the_evidence():
    settings, step = MeasureSettings(), 1e-5
    at, change = coat_shares(told(-1.0, 0.5, -0.2), settings)
    moved, _ = coat_shares(told(-1.0, 0.5 + step, -0.2), settings)
    assert (moved - at) / step == pytest.approx(change[:, 1], rel=1e-4)
