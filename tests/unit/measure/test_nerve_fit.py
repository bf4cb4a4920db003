"""Two fits of one section, averaged by their evidence."""

from dataclasses import replace

import numpy as np
import pytest

from plexus_mri.measure.nerve_fit import NerveFit, average

NARROW = NerveFit(np.zeros(6), np.full(6, 0.01), 1.0, 5.0, settled=True, log_evidence=0.0)
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
