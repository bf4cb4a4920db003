from types import SimpleNamespace

import pytest

from plexus_mri.core.anatomy import CORDS, NERVE_KEYS, Side
from plexus_mri.reasons import ReasonCode
from plexus_mri.tracing.settings import TracingSettings
from plexus_mri.tracing.trace import _why_missing

SETTINGS = TracingSettings()
CORDS_FROM_MM = SETTINGS.gather_lateral_mm + SETTINGS.least_length_mm


@pytest.mark.parametrize(
    ("reach_mm", "roots", "cords"),
    [
        (None, ReasonCode.COVERAGE_RIGHT, ReasonCode.COVERAGE_RIGHT),
        (CORDS_FROM_MM - 1.0, ReasonCode.NERVE_NOT_FOUND, ReasonCode.COVERAGE_RIGHT),
        (CORDS_FROM_MM + 1.0, ReasonCode.NERVE_NOT_FOUND, ReasonCode.NERVE_NOT_FOUND),
    ],
)
def test_a_nerve_beyond_the_image_is_not_called_unfound(reach_mm, roots, cords):
    """Without a reach the side is too narrow for any tracing."""
    fields = {Side.LEFT: SimpleNamespace(reach_mm=200.0)}
    if reach_mm is not None:
        fields[Side.RIGHT] = SimpleNamespace(reach_mm=reach_mm)
    missing = _why_missing({}, fields, SETTINGS)
    for side, nerve in NERVE_KEYS:
        expected = cords if nerve in CORDS else roots
        if side is Side.LEFT:
            expected = ReasonCode.NERVE_NOT_FOUND
        assert missing[side, nerve] is expected
