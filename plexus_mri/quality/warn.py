"""Warnings of a case in words: what a reader must know before the numbers."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain

import numpy as np

from plexus_mri.core.anatomy import NERVE_KEYS, Nerve, NerveKey, Side
from plexus_mri.core.case import CaseWarning, QualityNumber
from plexus_mri.core.comparison import Comparison, Verdict
from plexus_mri.core.frame import PatientFrame
from plexus_mri.core.landmarks import StatedLevels
from plexus_mri.core.measurement import MeasurementTable, Quality, Quantity
from plexus_mri.core.nerve_tree import NerveTree
from plexus_mri.core.norms import Norms, NormSource
from plexus_mri.core.series_map import RegisteredMap
from plexus_mri.core.template import TemplateMatch
from plexus_mri.core.volume import EvenImage, Volume
from plexus_mri.reasons import ReasonCode

DIFFERENT = frozenset({Verdict.LEFT_LARGER, Verdict.RIGHT_LARGER})
# Shading that is known no better than this is said. A judgement: phantoms as drawn state 1-4 %.
_LARGEST_SHADING_ERROR = 0.05
# A magnitude has no negative values, but cubic resampling makes a few at edges. A judgement.
_LARGEST_NEGATIVE_SHARE = 0.01


def collect_warnings(
    frame: PatientFrame | None,
    nerves: NerveTree,
    table: MeasurementTable,
    quality: Sequence[QualityNumber],
    asymmetry: Sequence[Comparison],
    norms: Norms,
) -> tuple[CaseWarning, ...]:
    """All warnings of a case, the gravest first; nerves with one reason share a warning."""
    return (
        *_of_frame(frame),
        *_grouped(
            chain(
                nerves.missing.items(),
                _trace_reasons(nerves),
                _flags(table),
                _doubted_names(asymmetry),
            )
        ),
        *_of_quality(quality),
        *_of_healthy_spread(asymmetry, norms),
    )


def warnings_of_shading(even: EvenImage) -> tuple[CaseWarning, ...]:
    """One warning where the image is as the coils gave it, or what they did is hardly known."""
    if even.acquired is None:
        reason = ReasonCode.SHADING_KEPT
        return (CaseWarning(reason, "image", reason.text),)
    if even.shading_error <= _LARGEST_SHADING_ERROR:
        return ()
    reason = ReasonCode.SHADING_DOUBT
    known = f"{reason.text} The shading is known to ±{100.0 * even.shading_error:.0f} %."
    return (CaseWarning(reason, "image", known),)


def warnings_of_values(image: Volume) -> tuple[CaseWarning, ...]:
    """One warning where more of the image is negative than resampling leaves at edges."""
    share = float(np.mean(image.data < 0.0))
    if share <= _LARGEST_NEGATIVE_SHARE:
        return ()
    reason = ReasonCode.PIXEL_NEGATIVE
    sentence = f"{reason.text} {100.0 * share:.0f} % of its voxels are below 0."
    return (CaseWarning(reason, "image", sentence),)


def warnings_of_reference(table: MeasurementTable) -> tuple[CaseWarning, ...]:
    """One warning where muscle of one side alone serves both sides."""
    reference, reason = table.reference, ReasonCode.REFERENCE_UNEQUAL
    if reference.taken_from is None or reference.left_right_ratio is None:
        return ()
    sentence = (
        f"{reason.text} Left over right {reference.left_right_ratio:.2f}: signal ratios of both "
        f"sides rest on {'left' if reference.taken_from is Side.LEFT else 'right'} muscle alone."
    )
    return (CaseWarning(reason, "reference muscle", sentence),)


def warnings_of_stated(stated: StatedLevels | None) -> tuple[CaseWarning, ...]:
    """One warning where the user named the levels, with what was stated."""
    if stated is None:
        return ()
    reason, source = ReasonCode.LEVEL_STATED, "discs of a spine segmentation"
    places = f" ({source})" if stated.of_discs else ""
    sentence = f"{reason.text} Stated{places}: {stated.words} (RAS+)."
    return (CaseWarning(reason, "levels", sentence),)


def warnings_of_maps(maps: Sequence[RegisteredMap]) -> tuple[CaseWarning, ...]:
    """One warning per map that was left out; the rest of the case does not depend on it."""
    return tuple(
        CaseWarning(item.reason, f"map {item.series.name}", item.sentence)
        for item in maps
        if item.reason is not None
    )


def warnings_of_map_zeros(
    zeros: Mapping[str, Mapping[NerveKey, int]],
) -> tuple[CaseWarning, ...]:
    """One warning per map that holds zeros in sections of a nerve.

    The values stay as they are: many maps hold 0 where nothing was measured, but a fat fraction
    can be 0.

    Parameters
    ----------
    zeros
        Name of the map to nerve to the number of nodes with zeros.
    """
    warnings = []
    for name, nodes in zeros.items():
        where = "; ".join(_where(set(nodes)))
        sentence = (
            f"map {name}: voxels that are exactly 0 in the sections of {sum(nodes.values())} "
            f"nodes ({where}). Where 0 stands for a value that was not measured, the values "
            "there are too small."
        )
        warnings.append(CaseWarning(ReasonCode.MAP_ZERO, f"map {name}", sentence))
    return tuple(warnings)


def warnings_of_template(match: TemplateMatch | None) -> tuple[CaseWarning, ...]:
    """One warning per nerve that lies far from where the template expects it."""
    if match is None:
        return ()
    if match.reason is not None:
        return (CaseWarning(match.reason, "template", match.sentence),)
    reason = ReasonCode.TEMPLATE_FAR
    return tuple(
        CaseWarning(reason, where, f"{where}: {place.sentence}")
        for key, place in match.places.items()
        if place.is_far
        for where in _where({key})
    )


def _of_frame(frame: PatientFrame | None) -> Iterator[CaseWarning]:
    """Midline and sides."""
    if frame is None:
        reason = ReasonCode.MIDLINE_NOT_FOUND
        yield CaseWarning(reason, "image", reason.text)
    elif not frame.proof.proven:
        reason = ReasonCode.SIDE_UNPROVEN
        yield CaseWarning(reason, "image", reason.text)


def _grouped(items: Iterable[tuple[NerveKey, ReasonCode]]) -> Iterator[CaseWarning]:
    """One warning per reason, in the order of the list of reasons, naming its nerves."""
    keys_of: dict[ReasonCode, set[NerveKey]] = {}
    for key, reason in items:
        keys_of.setdefault(reason, set()).add(key)
    for reason in ReasonCode:
        if reason in keys_of:
            where = ", ".join(_where(keys_of[reason]))
            yield CaseWarning(reason, where, f"{where}: {reason.text}")


def _where(keys: set[NerveKey]) -> Iterator[str]:
    """Words such as ``C5 left`` or ``C6 both sides``, in the order of the nerves."""
    for nerve in Nerve:
        sides = [side for side in Side if (side, nerve) in keys]
        if len(sides) > 1:
            yield f"{nerve.words} both sides"
        elif sides:
            yield f"{nerve.words} {'left' if sides[0] is Side.LEFT else 'right'}"


def _trace_reasons(nerves: NerveTree) -> Iterator[tuple[NerveKey, ReasonCode]]:
    """Why traces are doubted or end early."""
    for key in NERVE_KEYS:
        if key in nerves:
            yield from ((key, reason) for reason in nerves[key].reasons)


def _flags(table: MeasurementTable) -> Iterator[tuple[NerveKey, ReasonCode]]:
    """Flags that any of a nerve's measurements carries, as its rows show them."""
    reason_of = {
        Quality.THIN: ReasonCode.THIN_FOR_VOXEL,
        Quality.TOUCHING: ReasonCode.NERVES_TOUCH,
        Quality.POOR_FIT: ReasonCode.FIT_FAILED,
        Quality.NO_REFERENCE: ReasonCode.NO_REFERENCE,
        Quality.LOW_CONFIDENCE: ReasonCode.LOW_CONFIDENCE,
        Quality.MASK_DISAGREES: ReasonCode.MASK_DISAGREES,
    }
    for row in table.measurements:
        for flag, reason in reason_of.items():
            if flag in row.quality:
                yield (row.side, row.nerve), reason


def _doubted_names(asymmetry: Sequence[Comparison]) -> Iterator[tuple[NerveKey, ReasonCode]]:
    """Nerves that were not compared because a name may be exchanged on one side."""
    for row in asymmetry:
        if row.reason is ReasonCode.NAME_DOUBT:
            yield from (((side, row.nerve), row.reason) for side in Side)


def _of_quality(quality: Sequence[QualityNumber]) -> Iterator[CaseWarning]:
    """Numbers that fail their cut-off."""
    for number in quality:
        if number.passed is False and number.value is not None:
            unit = "" if number.unit == "1" else f" {number.unit}"
            sentence = (
                f"The {number.words} is {number.value:.3g}{unit}, asked for is {number.cutoff}. "
                f"{number.source}"
            )
            yield CaseWarning(ReasonCode.QUALITY_LOW, number.name, sentence)


def _of_healthy_spread(asymmetry: Sequence[Comparison], norms: Norms) -> Iterator[CaseWarning]:
    """Differences in area that are sure and yet no larger than between healthy sides."""
    nerves_of: dict[tuple[float, NormSource, int], list[str]] = {}
    for row in asymmetry:
        norm = norms.spread(row.nerve, row.quantity)
        limit = None if norm is None else norm.largest_difference_percent
        if norm is None or limit is None or not _is_sure_area(row):
            continue
        if abs(row.asymmetry_percent or 0.0) <= limit:
            nerves_of.setdefault((limit, norm.source, norm.n), []).append(row.nerve.words)
    for (limit, source, n), nerves in nerves_of.items():
        where = ", ".join(nerves)
        sentence = (
            f"{where}: {ReasonCode.HEALTHY_SPREAD.text} Up to about {limit:.0f} % in area is not "
            f"unusual ({source.modality.value} of {n} people, {source.name})."
        )
        yield CaseWarning(ReasonCode.HEALTHY_SPREAD, where, sentence)


def _is_sure_area(row: Comparison) -> bool:
    return row.quantity is Quantity.CSA_MEAN and row.verdict in DIFFERENT
