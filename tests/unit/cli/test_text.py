import pytest

from plexus_mri.cli.text import verdict_lines


def told(*reasons):
    warnings = [{"reason": reason, "sentence": f"Why {reason}."} for reason in reasons]
    return verdict_lines({"verdict": {"headline": ["one"]}, "warnings": warnings})


@pytest.mark.parametrize("reason", ["MAP_ZERO", "SHADING_KEPT", "SHADING_DOUBT", "PIXEL_NEGATIVE"])
def test_a_finding_is_not_told_without_what_speaks_against_it(reason):
    assert told(reason) == ["one", f"Why {reason}. ({reason})"]


def test_other_warnings_are_left_to_the_report():
    assert told("THIN_FOR_VOXEL", "LEVEL_DOUBT") == ["one"]
