"""How cases end decides the exit code."""

import pytest

from plexus_mri.batch.outcome import CaseOutcome, outcome_of_error, study_exit_code
from plexus_mri.batch.status import CaseState
from plexus_mri.errors import InputError, OutputError, RefusedError, StageError
from plexus_mri.reasons import ReasonCode


def ended(*codes):
    return [CaseOutcome(CaseState.FAILED if code else CaseState.FINISHED, code) for code in codes]


@pytest.mark.parametrize(
    ("codes", "expected"),
    [
        ((0, 0), 0),
        ((0, 1), 4),
        ((0, 5, 5), 4),
        ((5, 5), 5),
        ((5, 3), 5),
        ((3, 3), 3),
        ((5, 4), 4),
        ((1,), 1),
        ((4,), 4),
        ((0, 1, 6), 6),
        ((), 3),
    ],
)
def test_exit_code_of_a_study(codes, expected):
    assert study_exit_code(ended(*codes)) == expected


@pytest.mark.parametrize(
    ("error", "state", "code"),
    [
        (InputError("x", ReasonCode.PIXEL_4D), CaseState.FAILED, 3),
        (InputError("x", ReasonCode.GEO_BAD_AFFINE), CaseState.REFUSED, 5),
        (InputError("x", ReasonCode.MASK_SIDE), CaseState.REFUSED, 5),
        (InputError("x", ReasonCode.GEO_TOO_FEW_SLICES), CaseState.FAILED, 3),
        (RefusedError("x", ReasonCode.SIDE_UNPROVEN), CaseState.REFUSED, 5),
        (StageError("x", ReasonCode.NERVE_LOST), CaseState.FAILED, 4),
        (OutputError("x"), CaseState.FAILED, 6),
    ],
)
def test_unproven_sides_and_geometry_are_refused_and_the_rest_fails(error, state, code):
    outcome = outcome_of_error(error)
    assert (outcome.state, outcome.exit_code, outcome.reason) == (state, code, error.reason)
    assert outcome.sentence == "x"
