"""Healthy range of the report: which norm was applied, and what is known from elsewhere."""

from collections.abc import Mapping, Sequence

from plexus_mri.core.anatomy import Nerve
from plexus_mri.core.measurement import Quantity
from plexus_mri.core.norms import Modality, Norm, Norms, Within
from plexus_mri.report.rounding import significant
from plexus_mri.report.words import QUANTITY_WORDS, UNIT_WORDS, nerve_words

_NO_NORM = (
    "No healthy range is applied: there is no norm for MRI. No published one of brachial plexus "
    "caliber or signal per nerve was found for this way of measuring, and no own controls were "
    "given (--norms), so no number here is called too large or too small; only the two sides of "
    "one patient are compared."
)
_APPLIED = (
    "A range holds 95 of 100 healthy people, as measured in the groups below on images of this "
    "contrast. In every hundred healthy people five lie outside, for each number anew; many "
    "numbers stand here, so some outside are to be expected. Numbers without a group have no norm "
    "for MRI."
)
_BACKGROUND = (
    "Background, not an MRI norm: these were measured by other means and are compared with no "
    "number of this image. A difference that this image can show may lie within what healthy "
    "people have."
)
_WITHIN_WORDS = {
    Within.YES: "within",
    Within.NO: "outside",
    Within.NO_NORM: "no norm for MRI",
    None: "",
}


def within_words(within: Within | None) -> str:
    """Answer to whether a number lies within the healthy range; empty when there is no number."""
    return _WITHIN_WORDS[within]


def norm_facts(norms: Norms) -> Mapping[str, object]:
    """Which healthy ranges were applied to the case, and what is known from elsewhere."""
    applied = [n for n in norms.norms if norms.applied(n.nerve, n.quantity) is n]
    background = [n for n in norms.norms if n.source.modality is not Modality.MRI]
    paragraphs = [_APPLIED if applied else _NO_NORM, *([_BACKGROUND] if background else [])]
    return {
        "applied": bool(applied),
        "paragraphs": paragraphs,
        "rows": _rows(applied),
        "background": _rows(background),
        "references": list(dict.fromkeys(n.source.citation for n in (*applied, *background))),
    }


def _rows(norms: Sequence[Norm]) -> list[Mapping[str, object]]:
    nerves, quantities = list(Nerve), list(Quantity)
    order = sorted(norms, key=lambda n: (quantities.index(n.quantity), nerves.index(n.nerve)))
    return [_row(norm) for norm in order]


def _row(norm: Norm) -> Mapping[str, object]:
    limits, difference = norm.value_limits, norm.largest_difference_percent
    return {
        "nerve": norm.nerve.value,
        "nerve_words": nerve_words(norm.nerve),
        "quantity": norm.quantity.value,
        "quantity_words": QUANTITY_WORDS[norm.quantity],
        "n": norm.n,
        "modality": norm.source.modality.value,
        "method": norm.source.method,
        "people": norm.source.people,
        "source": norm.source.name,
        "mean": norm.mean,
        "sd": norm.sd,
        "low": None if limits is None else limits[0],
        "high": None if limits is None else limits[1],
        "largest_difference_percent": difference,
        "mean_printed": _mean_printed(norm),
        "difference_printed": "" if difference is None else f"{difference:.0f}",
    }


def _mean_printed(norm: Norm) -> str:
    """Mean ± sd, and the range of 95 of 100 people, in the quantity's unit."""
    limits = norm.value_limits
    if norm.mean is None or norm.sd is None or limits is None:
        return ""
    low, high = (significant(limit) for limit in limits)
    unit = UNIT_WORDS.get(norm.quantity.unit, norm.quantity.unit)
    return f"{norm.mean:g} ± {norm.sd:g} {unit}".strip() + f" ({low} to {high})"
