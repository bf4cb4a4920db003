"""Columns of the result tables: names, meanings and units, in the order they are written."""

from collections.abc import Iterable
from enum import StrEnum

from plexus_mri.core.anatomy import Nerve, Side
from plexus_mri.core.caveats import CAVEATS
from plexus_mri.core.comparison import PATTERN_MEANINGS, Region, Verdict
from plexus_mri.core.measurement import Quality, Quantity
from plexus_mri.core.norms import Within
from plexus_mri.core.taper import Trend
from plexus_mri.io.tables import Column
from plexus_mri.reasons import ReasonCode

# Every dictionary of results carries the sentences that no reader may miss.
NOTES: dict[str, object] = {"Caveats": list(CAVEATS)}

GANGLION, FIRST_POINT = "dorsal_root_ganglion", "first_point"

WORLD = "in the scanner's frame, RAS+ (x grows to the patient's right, y to the front, z up)"
SUBJECT = Column("subject", "Label of the subject, a pseudonym, without 'sub-'")
SESSION = Column("session", "Label of the session, without 'ses-'; n/a when the study has none")
NERVE = Column(
    "nerve",
    "Segment of the brachial plexus",
    levels={nerve.value: nerve.words for nerve in Nerve},
)
SIDE = Column(
    "side",
    "Side of the patient, never of the picture",
    levels={Side.LEFT.value: "the patient's left", Side.RIGHT.value: "the patient's right"},
)
NODE = Column("node", "Number of the node along the nerve, proximal to distal, from 0")
_QUANTITY = Column("quantity", "What is measured", levels={q.value: q.meaning for q in Quantity})
_UNIT = Column("unit", "Unit of the numbers in this row; 1 for a plain number or ratio")
_QUALITY = Column(
    "quality",
    "Flags joined by +; good when nothing is known against the number",
    levels={
        Quality.GOOD.word: "nothing is known against it",
        Quality.THIN.word: "under three voxels wide, so the error is larger",
        Quality.TOUCHING.word: "a neighbour touches the nerve here",
        Quality.POOR_FIT.word: "the cross-section fits the model badly",
        Quality.EDGE_OF_VIEW.word: "close to the edge of the field of view",
        Quality.NO_REFERENCE.word: "no reference muscle at this level",
        Quality.LOW_CONFIDENCE.word: "the trace has a low confidence",
        Quality.JUNCTION.word: "where nerves join or part",
        Quality.BRIDGED.word: "not seen here, the line bridges a gap",
        Quality.COARSE.word: "under two voxels wide, so values at a place are not compared",
        Quality.MASK_DISAGREES.word: "the mask's area and the fitted one differ by more than "
        "drawing voxels explains; the sides are compared by the fitted one all the same",
    },
)
REASON = Column(
    "reason",
    "Why a number is missing or doubted",
    levels={code.value: code.text for code in ReasonCode},
)


_WITHIN_LEVELS = {
    Within.YES.value: "no further out than in 95 of 100 healthy people",
    Within.NO.value: "further out than in 95 of 100 healthy people",
    Within.NO_NORM.value: "no norm for MRI",
}


_CHANCES = (
    Column(
        "p_value", "Two-sided chance of a difference this large between equal sides, row alone"
    ),
    Column(
        "q_value",
        "Smallest false discovery rate, over all tested rows of this table and case and whatever "
        "their dependence, at which the row would be among the findings (Benjamini & Yekutieli "
        "2001)",
    ),
)


_PATTERNS = {pattern.value: words for pattern, words in PATTERN_MEANINGS.items()}


def _words(choices: type[StrEnum]) -> dict[str, str]:
    return {choice.value: choice.value.replace("_", " ") for choice in choices}


NERVE_COLUMNS = (
    SUBJECT,
    SESSION,
    NERVE,
    SIDE,
    _QUANTITY,
    Column("value", "The measured number"),
    _UNIT,
    Column("ci_low", "Lower end of the 95 % interval of the value, in its unit"),
    Column("ci_high", "Upper end of the 95 % interval of the value, in its unit"),
    _QUALITY,
    REASON,
    Column("standard_error", "Standard error of the value, in its unit"),
    Column(
        "within_healthy_range",
        "Whether the value lies in the range of healthy people measured by MRI",
        levels=_WITHIN_LEVELS,
    ),
    Column(
        "noise_standard_error",
        "Standard error of the value by the image's noise alone, in its unit: how much it would "
        "scatter if the same image were taken again. It is part of standard_error; given for "
        "areas and the mean diameter",
    ),
)

PROFILE_COLUMNS = (
    SUBJECT,
    SESSION,
    NERVE,
    SIDE,
    NODE,
    Column("arc_length_mm", "Distance along the nerve from node 0, proximal to distal", "mm"),
    Column("x_mm", f"Centre of the nerve, first coordinate {WORLD}", "mm"),
    Column("y_mm", f"Centre of the nerve, second coordinate {WORLD}", "mm"),
    Column("z_mm", f"Centre of the nerve, third coordinate {WORLD}", "mm"),
    Column("csa_mm2", "Cross-sectional area perpendicular to the nerve's own centerline", "mm^2"),
    Column("diameter_mm", "Diameter of the circle of the same area: 2·sqrt(csa/π)", "mm"),
    Column("signal", "Mean intensity in the cross-section after bias correction", "1"),
    Column("signal_ratio", "Signal divided by the reference muscle of the same level", "1"),
    _QUALITY,
    Column(
        "landmark",
        "Where node 0 of this nerve lies",
        levels={
            GANGLION: "centre of the dorsal root ganglion of this root",
            FIRST_POINT: "first point of this trunk or cord, or of a painted root whose ganglion "
            "was not found",
        },
    ),
    Column(
        "csa_se_mm2",
        "Standard error of csa_mm2, the part that all nodes of a nerve share included",
        "mm^2",
    ),
    Column("long_mm", "Full long axis of the fitted ellipse", "mm"),
    Column("short_mm", "Full short axis of the fitted ellipse", "mm"),
    Column("angle_deg", "Angle of the long axis from the craniocaudal direction, 0-90", "deg"),
    Column(
        "signal_se",
        "Standard error of signal, the part that all nodes of a nerve share included",
        "1",
    ),
    Column("reference", "Intensity of the reference muscle at the same level", "1"),
    Column(
        "signal_ratio_marrow",
        "Signal divided by vertebral marrow of the same level, a second reference; n/a where no "
        "vertebral bodies were recognised. Marrow moves with inversion time and marrow fat",
        "1",
    ),
    Column(
        "contrast_to_noise",
        "Signal above reference muscle, divided by the standard deviation of what the fitted "
        "sections leave (reference.noise of the summary). The page's nerve_muscle_cnr divides by "
        "noise_sigma instead, told by the finest detail of the whole image",
        "1",
    ),
    Column(
        "signal_raw",
        "Signal of the same section in the image as acquired: signal times the bias field at the "
        "node. It follows the receive coils, so the sides are never compared by it",
        "1",
    ),
    Column(
        "signal_spread",
        "Standard deviation of the bias-corrected intensity of the voxels wholly inside the "
        "fitted section, without that of noise; 0 where it is as even as noise allows, n/a where "
        "too few independent voxels lie inside (by default 8). What is finer than a voxel is not "
        "seen, so the nerve's own pattern is more uneven. The sides are not compared by it",
        "1",
    ),
    Column(
        "csa_mask_mm2",
        "Area of the label of the mask, correction or network that the nerve was traced in, in "
        "the same plane; csa_mm2 is fitted to the image and does not follow it. n/a where there "
        "is no label. The sides are not compared by it",
        "mm^2",
    ),
    Column(
        "csa_noise_se_mm2",
        "Standard error of csa_mm2 by the image's noise alone: how much it would scatter if the "
        "same image were taken again. What the model gets wrong is in csa_se_mm2 only",
        "mm^2",
    ),
)


def map_columns(names: Iterable[str]) -> tuple[Column, ...]:
    """Columns of the profiles for maps of these names."""
    return tuple(
        Column(
            f"map_{name}",
            f"Mean of the map '{name}' over the inner cross-section, sampled in its own grid, in "
            "its own unit; n/a where it does not reach",
        )
        for name in names
    )


ASYMMETRY_COLUMNS = (
    SUBJECT,
    SESSION,
    NERVE,
    _QUANTITY,
    Column("left", "The quantity on the patient's left"),
    Column("right", "The quantity on the patient's right"),
    _UNIT,
    Column(
        "asymmetry_percent",
        "200·(L - R)/(L + R); positive: the left is larger. " + " ".join(CAVEATS),
        "%",
    ),
    Column("ci_low", "Lower end of the 95 % interval of asymmetry_percent", "%"),
    Column("ci_high", "Upper end of the 95 % interval of asymmetry_percent", "%"),
    Column(
        "smallest_detectable_percent",
        "Smallest size of asymmetry_percent that would have been called a difference here",
        "%",
    ),
    Column("verdict", "What the numbers allow to say", levels=_words(Verdict)),
    Column("pattern", "How a difference is spread, seen node by node", levels=_PATTERNS),
    Column("from_mm", "Where the differing stretch begins, distance from node 0", "mm"),
    Column("to_mm", "Where the differing stretch ends, distance from node 0", "mm"),
    REASON,
    Column(
        "within_healthy_range",
        "Whether the sides differ no more than in healthy people measured by MRI; verdict asks "
        "another question, whether the difference is beyond the error of measurement",
        levels=_WITHIN_LEVELS,
    ),
    *_CHANCES,
)

POOLED_COLUMNS = (
    SUBJECT,
    SESSION,
    Column("region", "Nerves that are taken together", levels=_words(Region)),
    _QUANTITY,
    Column("nerves", "Those of them that could be compared, joined by +"),
    Column(
        "asymmetry_percent",
        "Index of the mean ln(left / right) over the nerves, each counted once; positive: the "
        "left is larger. " + " ".join(CAVEATS),
        "%",
    ),
    Column("ci_low", "Lower end of its 95 % interval, whatever the errors have in common", "%"),
    Column("ci_high", "Upper end of that interval", "%"),
    REASON,
    *_CHANCES,
)

TAPER_COLUMNS = (
    SUBJECT,
    SESSION,
    NERVE,
    SIDE,
    Column("from_mm", "Where the stretch that is used begins, distance from node 0", "mm"),
    Column("to_mm", "Where it ends", "mm"),
    Column(
        "taper_percent_per_10mm",
        "Change of area over 10 mm of arc length, of a straight line through its logarithm; "
        "negative: narrower distally. " + " ".join(CAVEATS),
        "%",
    ),
    Column("ci_low", "Lower end of the 95 % interval of taper_percent_per_10mm", "%"),
    Column("ci_high", "Upper end of that interval", "%"),
    Column(
        "distal_over_proximal",
        "Mean area of the last third of the stretch over that of its first third",
        "1",
    ),
    Column("ratio_ci_low", "Lower end of the 95 % interval of distal_over_proximal", "1"),
    Column("ratio_ci_high", "Upper end of that interval", "1"),
    Column(
        "trend",
        "Whether the interval of the taper excludes 0, for this row alone: of 22 rows about one "
        "does so by chance",
        levels=_words(Trend),
    ),
    Column(
        "within_healthy_range",
        "Always no_norm: no taper of healthy people with its spread is published for MRI",
        levels={Within.NO_NORM.value: _WITHIN_LEVELS[Within.NO_NORM.value]},
    ),
    REASON,
)

LABEL_COLUMNS = (
    Column("index", "Number of the label in the image"),
    Column("nerve", NERVE.meaning, levels=NERVE.levels),
    Column("side", SIDE.meaning, levels=SIDE.levels),
    Column("name", "Nerve and side in one word"),
)
