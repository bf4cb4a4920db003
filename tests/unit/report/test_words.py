"""Words: every code, nerve and verdict has some, and they say what the numbers say."""

import pytest

from plexus_mri.core.anatomy import NERVE_KEYS, Nerve
from plexus_mri.core.comparison import Comparison, Pattern, Verdict
from plexus_mri.core.measurement import Quality, Quantity
from plexus_mri.reasons import ReasonCode
from plexus_mri.report.rounding import with_precision
from plexus_mri.report.words import (
    QUANTITY_WORDS,
    SHORT_NAMES,
    UNIT_WORDS,
    comparison_sentence,
    evidence_words,
    group_of,
    key_words,
    landmark_words,
    quality_words,
    reason_words,
    stretch_words,
)


def compared(
    index: float, low: float, high: float, verdict: Verdict, smallest: float | None = 9.0
) -> Comparison:
    return Comparison(
        Nerve.C6, Quantity.CSA_MEAN, 10.0, 9.0, index, low, high, smallest, verdict, Pattern.NONE
    )


@pytest.mark.parametrize("reason", list(ReasonCode))
def test_every_reason_code_has_a_sentence(reason: ReasonCode) -> None:
    words = reason_words(reason)
    assert words.endswith(".")
    assert " " in words


@pytest.mark.parametrize("nerve", list(Nerve))
def test_every_nerve_has_names_group_and_landmark(nerve: Nerve) -> None:
    assert SHORT_NAMES[nerve]
    assert group_of(nerve) in {"roots", "trunks", "cords"}
    assert landmark_words(nerve)


def test_names_of_nerves_and_sides_are_all_different() -> None:
    assert len({key_words(key) for key in NERVE_KEYS}) == len(NERVE_KEYS)
    assert len(set(SHORT_NAMES.values())) == len(Nerve)


@pytest.mark.parametrize("quantity", list(Quantity))
def test_every_quantity_and_its_unit_have_words(quantity: Quantity) -> None:
    assert QUANTITY_WORDS[quantity]
    assert quantity.unit in UNIT_WORDS


@pytest.mark.parametrize("flag", list(Quality))
def test_every_quality_flag_has_words(flag: Quality) -> None:
    assert quality_words(flag)


def test_sentence_of_a_larger_left_side_has_interval_and_smallest_detectable() -> None:
    c = compared(12.3, 3.1, 21.4, Verdict.LEFT_LARGER)
    assert (
        comparison_sentence(c)
        == "L larger by 12 % (95 % interval 3 to 21 %; smallest detectable 9 %)"
    )


def test_sentence_of_a_larger_right_side_turns_sign_and_interval() -> None:
    c = compared(-12.3, -21.4, -3.1, Verdict.RIGHT_LARGER)
    assert (
        comparison_sentence(c)
        == "R larger by 12 % (95 % interval 3 to 21 %; smallest detectable 9 %)"
    )


def test_sentence_without_difference_keeps_the_sign_and_names_what_could_be_seen() -> None:
    c = compared(-3.2, -11.4, 5.1, Verdict.NO_DIFFERENCE)
    expected = (
        "No difference shown: \u22123 % (95 % interval \u221211 to 5 %; smallest detectable 9 %)"
    )
    assert comparison_sentence(c) == expected


def test_sentence_that_is_not_comparable_has_no_number() -> None:
    c = Comparison(
        Nerve.C6, Quantity.CSA_MEAN, None, None, None, None, None, None,
        Verdict.NOT_COMPARABLE, Pattern.NONE, reason=ReasonCode.COVERAGE_LEFT,
    )  # fmt: skip
    sentence = comparison_sentence(c)
    assert sentence.startswith(
        "Not comparable: too little of the nerve or of its side is in the field of view"
    )
    assert not any(letter.isdigit() for letter in sentence)


def test_what_is_only_described_is_called_not_tested() -> None:
    c = Comparison(
        Nerve.C6, Quantity.LENGTH, 60.0, 40.0, 40.0, 30.0, 50.0, None,
        Verdict.NO_DIFFERENCE, Pattern.NONE, reason=ReasonCode.NOT_TESTED,
    )  # fmt: skip
    assert comparison_sentence(c) == "Not tested: 40 % (95 % interval 30 to 50 %)"


def test_stretch_is_counted_from_the_ganglion_of_a_root() -> None:
    c = Comparison(
        Nerve.C7, Quantity.CSA_MEAN, 10.0, 9.0, 10.0, 1.0, 19.0, 9.0,
        Verdict.NO_DIFFERENCE, Pattern.FOCAL, 22.0, 31.0,
    )  # fmt: skip
    assert stretch_words(c) == (
        "in one stretch (focal), 22 to 31 mm from the centre of the dorsal root ganglion"
    )


@pytest.mark.parametrize(
    ("value", "half", "printed"),
    [
        (4.1372, 0.31, "4.1 ± 0.3"),
        (4.1372, 0.13, "4.14 ± 0.13"),
        (123.4, 12.0, "123 ± 12"),
        (9.96, 0.62, "10.0 ± 0.6"),
    ],
)
def test_digits_are_cut_to_what_the_precision_allows(
    value: float, half: float, printed: str
) -> None:
    assert with_precision(value, value - half, value + half) == printed


def test_a_nerve_without_its_twin_is_not_said_to_lie_as_its_twin() -> None:
    assert evidence_words({"support": 1.0, "one_side": 0.8}) == (
        "no twin on the other side to check it by 0.80"
    )
