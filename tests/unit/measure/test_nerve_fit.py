"""Two fits of one section, averaged by their evidence."""

from dataclasses import replace

import numpy as np
import pytest

from plexus_mri.measure.nerve_fit import NerveFit, average

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


def test_a_voxel_that_speaks_for_the_other_fit_pulls_towards_it():
    speaks = replace(WIDE, pulls=np.array([[0.0, 0.0], [0.0, 0.0], [2.0, 0.0]]))
    found = average(NARROW, speaks, 0.5, evidence_share=0.4)
    step = 1e-6
    odds = 0.4 * 2.0 * step
    moved = 0.3 / (1.0 + np.exp(-odds)) - 0.15
    assert found.pulls[0] == pytest.approx([moved / step, 0.0], rel=1e-4)
