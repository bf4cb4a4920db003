"""The words of the report: nerves, quantities, verdicts and reasons in plain sentences."""

from collections.abc import Mapping

from plexus_mri.core.anatomy import CORDS, ROOTS, TRUNKS, Nerve, NerveKey, Side
from plexus_mri.core.comparison import Comparison, Pattern, Verdict
from plexus_mri.core.measurement import Quality, Quantity
from plexus_mri.reasons import ReasonCode
from plexus_mri.report.rounding import fixed, percent_decimals

SIDE_WORDS = {Side.LEFT: "left", Side.RIGHT: "right"}
SHORT_NAMES = {
    **{nerve: nerve.value for nerve in ROOTS},
    Nerve.UPPER_TRUNK: "UT",
    Nerve.MIDDLE_TRUNK: "MT",
    Nerve.LOWER_TRUNK: "LT",
    Nerve.LATERAL_CORD: "LC",
    Nerve.POSTERIOR_CORD: "PC",
    Nerve.MEDIAL_CORD: "MC",
}
SHORT_NAMES_LEGEND = (
    "UT, MT, LT: upper, middle, lower trunk; LC, PC, MC: lateral, posterior, medial cord."
)
QUANTITY_WORDS = {
    Quantity.LENGTH: "length followed",
    Quantity.CSA_MEAN: "mean area",
    Quantity.CSA_MAX: "largest area",
    Quantity.DIAMETER_MEAN: "mean diameter",
    Quantity.DIAMETER_AT_0: "diameter at node 0",
    Quantity.DIAMETER_AT_10: "diameter at 10 mm",
    Quantity.SIGNAL_MEAN: "mean signal, any unit",
    Quantity.SIGNAL_RATIO_MEAN: "mean signal ratio",
    Quantity.SIGNAL_RATIO_MAX: "largest signal ratio",
    Quantity.SIGNAL_RAW_MEAN: "mean signal as acquired, any unit",
    Quantity.SIGNAL_SPREAD_MEAN: "spread of signal within the section, any unit",
    Quantity.CSA_MASK_MEAN: "mean area of the mask's label",
}
UNIT_WORDS = {"mm": "mm", "mm^2": "mm²", "1": ""}
QUALITY_WORDS = {
    Quality.THIN: "under three voxels wide, larger error",
    Quality.TOUCHING: "a neighbour touches it",
    Quality.POOR_FIT: "the cross-section fits poorly",
    Quality.EDGE_OF_VIEW: "at the edge of the field of view",
    Quality.NO_REFERENCE: "no reference muscle at this level",
    Quality.LOW_CONFIDENCE: "the trace is doubtful here",
    Quality.JUNCTION: "at a junction with another nerve",
    Quality.BRIDGED: "not seen here, bridged",
    Quality.COARSE: "under two voxels wide, no value at a place",
    Quality.MASK_DISAGREES: "the mask's area is another",
}
# Printed with two digits, from here on a share is 1.
FULL = 0.995
# What speaks for a trace, each 0-1.
EVIDENCE_WORDS = {
    "support": "seen as a bright tube where it is faintest",
    "naming": "sureness of the names",
    "both_sides": "lies as its twin on the other side does",
    "one_side": "no twin on the other side to check it by",
    "followed": "followed to its end",
    "own_mask": "drawn by a reader",
    "largest_piece": "share of the label in one piece",
}
PATTERN_WORDS = {
    Pattern.NONE: "",
    Pattern.FOCAL: "in one stretch (focal)",
    Pattern.MULTIFOCAL: "in several stretches (multifocal)",
    Pattern.DIFFUSE: "along the nerve (diffuse)",
}
RADIOLOGICAL = (
    "All pictures are in radiological convention: the patient's right (R) is on the left of the "
    "picture. L and R always mean the patient's sides."
)
SIGN_RULE = (
    "Difference in percent: 200·(L \N{MINUS SIGN} R)/(L + R); positive when the left is larger. "
    "The interval is that of the difference; the smallest detectable difference is what this "
    "image could have shown."
)


def nerve_words(nerve: Nerve) -> str:
    """Name of a nerve in words.

    >>> nerve_words(Nerve.C5), nerve_words(Nerve.UPPER_TRUNK)
    ('C5 root', 'upper trunk')
    """
    return f"{nerve.words} root" if nerve in ROOTS else nerve.words


def key_words(key: NerveKey) -> str:
    """Side and name of a nerve.

    >>> key_words((Side.LEFT, Nerve.C6))
    'left C6 root'
    """
    return f"{SIDE_WORDS[key[0]]} {nerve_words(key[1])}"


def group_of(nerve: Nerve) -> str:
    """Roots, trunks or cords."""
    for name, members in (("roots", ROOTS), ("trunks", TRUNKS), ("cords", CORDS)):
        if nerve in members:
            return name
    raise AssertionError(nerve)


def landmark_words(nerve: Nerve, *, begins_anywhere: bool = False) -> str:
    """Where node 0 of a nerve lies; of a painted root it may be where its label begins."""
    if begins_anywhere:
        return "first painted point of the root"
    if nerve in ROOTS:
        return "centre of the dorsal root ganglion"
    return f"first point of the {'trunk' if nerve in TRUNKS else 'cord'}"


def quality_words(quality: Quality) -> str:
    """Flags in words; empty when nothing is known against the number.

    >>> quality_words(Quality.THIN | Quality.TOUCHING)
    'under three voxels wide, larger error; a neighbour touches it'
    """
    return "; ".join(QUALITY_WORDS[flag] for flag in quality)


def evidence_words(evidence: Mapping[str, float]) -> str:
    """Parts of the confidence of a trace that are below 1, least first; empty when none is.

    >>> evidence_words({"support": 1.0, "naming": 0.94, "both_sides": 0.584})
    'lies as its twin on the other side does 0.58; sureness of the names 0.94'
    """
    parts = sorted((value, EVIDENCE_WORDS.get(part, part)) for part, value in evidence.items())
    return "; ".join(f"{words} {value:.2f}" for value, words in parts if value < FULL)


def reason_words(reason: ReasonCode | None) -> str:
    """Sentence of a reason code."""
    return reason.text if reason is not None else "No reason was recorded."


def stretch_words(comparison: Comparison) -> str:
    """Where along the nerve the sides differ, or nothing."""
    words = PATTERN_WORDS[comparison.pattern]
    if comparison.from_mm is None or comparison.to_mm is None:
        return words
    landmark = landmark_words(comparison.nerve)
    place = f"{comparison.from_mm:.0f} to {comparison.to_mm:.0f} mm from the {landmark}"
    return f"{words}, {place}" if words else place


def verdict_words(comparison: Comparison) -> str:
    """Verdict in a few words.

    These are the only verdicts there are; none grades or names anything.
    """
    if comparison.reason is ReasonCode.NOT_TESTED:
        return "not tested"
    return {
        Verdict.NO_DIFFERENCE: "no difference shown",
        Verdict.LEFT_LARGER: "L larger",
        Verdict.RIGHT_LARGER: "R larger",
        Verdict.NOT_COMPARABLE: "not comparable",
    }[comparison.verdict]


def comparison_sentence(comparison: Comparison, *, interval_percent: float = 95.0) -> str:
    """Verdict with its interval, of the coverage given, and the smallest detectable difference."""
    numbers = (comparison.asymmetry_percent, comparison.ci_low, comparison.ci_high)
    index, low, high = numbers
    if comparison.verdict is Verdict.NOT_COMPARABLE:
        return f"Not comparable: {_start_low(reason_words(comparison.reason))}"
    if index is None or low is None or high is None:
        return f"{_capital(verdict_words(comparison))} (its precision is unknown)"
    decimals = percent_decimals(low, high)
    if comparison.reason is ReasonCode.NOT_TESTED:
        interval = interval_words(low, high, interval_percent)
        return f"Not tested: {fixed(index, decimals)} % ({interval})"
    detectable = _detectable(comparison, decimals)
    if comparison.verdict is Verdict.NO_DIFFERENCE:
        interval = interval_words(low, high, interval_percent)
        mean = "" if comparison.pattern is Pattern.NONE else " of the mean"
        return f"No difference{mean} shown: {fixed(index, decimals)} % ({interval}{detectable})"
    side, sign = ("L", 1.0) if comparison.verdict is Verdict.LEFT_LARGER else ("R", -1.0)
    ends = sorted((sign * low, sign * high))
    interval = interval_words(ends[0], ends[1], interval_percent)
    return f"{side} larger by {fixed(sign * index, decimals)} % ({interval}{detectable})"


def interval_words(low: float, high: float, interval_percent: float) -> str:
    """Coverage and ends of an interval in percent.

    >>> interval_words(3.1, 21.4, 95.0)
    '95 % interval 3 to 21 %'
    """
    decimals = percent_decimals(low, high)
    return f"{interval_percent:g} % interval {fixed(low, decimals)} to {fixed(high, decimals)} %"


def _detectable(comparison: Comparison, decimals: int) -> str:
    smallest = comparison.smallest_detectable_percent
    return "" if smallest is None else f"; smallest detectable {fixed(smallest, decimals)} %"


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]


def _start_low(sentence: str) -> str:
    """Sentence to stand after a colon; words such as MR keep their capitals.

    >>> _start_low("A neighbour touches."), _start_low("MR only.")
    ('a neighbour touches.', 'MR only.')
    """
    first = sentence.split(maxsplit=1)[0]
    return sentence if len(first) > 1 and first.isupper() else sentence[:1].lower() + sentence[1:]
