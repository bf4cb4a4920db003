"""The flow of one case, in reading order: from image to asymmetry."""

import time
from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

from plexus_mri.asymmetry.compare import compare_sides
from plexus_mri.asymmetry.muscles import compare_muscles
from plexus_mri.asymmetry.pooled import pool_sides
from plexus_mri.asymmetry.taper import taper_of_sides
from plexus_mri.core.anatomy import NERVE_KEYS, NerveKey
from plexus_mri.core.case import Case, CaseResult, CaseWarning, QualityNumber
from plexus_mri.core.frame import PatientFrame
from plexus_mri.core.label_voxels import NerveLabels, label_voxels
from plexus_mri.core.measurement import MeasurementTable
from plexus_mri.core.muscle import MuscleTable
from plexus_mri.core.nerve_tree import NerveTree
from plexus_mri.core.series_map import RegisteredMap
from plexus_mri.core.template import TemplateMatch
from plexus_mri.core.volume import EvenImage, LabelMap, Volume
from plexus_mri.measure.map_profiles import map_profiles, zero_nodes
from plexus_mri.measure.measure import measure_nerves
from plexus_mri.measure.muscles import sample_muscles
from plexus_mri.preprocess.bias import even_at_nerves, remove_shading
from plexus_mri.quality.assess import assess_quality
from plexus_mri.quality.warn import (
    collect_warnings,
    warnings_of_map_zeros,
    warnings_of_maps,
    warnings_of_reference,
    warnings_of_shading,
    warnings_of_stated,
    warnings_of_template,
    warnings_of_values,
)
from plexus_mri.reasons import ReasonCode
from plexus_mri.registration.frame import find_patient_frame, prove_sides
from plexus_mri.registration.series import register_series
from plexus_mri.registration.template import place_in_template
from plexus_mri.segmentation.classical import find_ganglia, find_nerves
from plexus_mri.segmentation.networks import segment_by_network
from plexus_mri.segmentation.unnamed_mask import led_by_mask
from plexus_mri.settings import Settings
from plexus_mri.tracing.network_labels import trace_network_labels
from plexus_mri.tracing.own_mask import trace_own_mask
from plexus_mri.tracing.paint import paint_labels
from plexus_mri.tracing.trace import trace_nerves

Announce = Callable[[str], None]
Value = TypeVar("Value")
# Traced nerves, and the voxels of the masks that some of them were traced in.
Traced = tuple[NerveTree, NerveLabels]


class Steps(Protocol):
    """Who does the steps, or knows their results from an earlier run."""

    def __call__(self, step: str, make: Callable[[], Value], /) -> Value:
        """Give the result of a step; ``make`` does it."""


def run_case(
    case: Case, settings: Settings, *, progress: Announce | None = None, steps: Steps | None = None
) -> CaseResult:
    """Measure one case, from image to asymmetry; writes nothing.

    Parameters
    ----------
    progress
        Called with the name of each stage as it starts.
    steps
        Does the steps; by default each is simply done.

    Raises
    ------
    RefusedError
        When sides cannot be proven.
    InputError
        When the user's own mask or landmarks contradict the image.
    """
    flow = _Flow(progress or (lambda _: None), steps or _done)
    source = case.series.orientation_source
    first = flow("bias", lambda: remove_shading(case.image.to_ras(), settings.preprocess))
    found = flow("frame", lambda: find_patient_frame(first.image, source, settings.registration))
    nerves, drawn = flow("trace", lambda: _find_and_trace(case, first.image, found, settings))
    frame = flow("sides", lambda: found and prove_sides(found, nerves, settings.registration))
    even = flow("shading", lambda: even_at_nerves(first, nerves, frame, settings.preprocess))
    image = even.image
    table = flow("measure", lambda: measure_nerves(even, nerves, frame, settings.measure, drawn))
    maps = flow("maps", lambda: _register_maps(case, image, frame, settings))
    asymmetry = flow("compare", lambda: compare_sides(table, nerves, settings.asymmetry))
    muscles = _muscles(image, frame, nerves, table, settings)
    labels, quality = flow("quality", lambda: _assess(image, frame, nerves, table, settings))
    place = _template_step(case, image, frame, nerves, settings)
    match = flow("template", place) if place is not None else None
    found_out = collect_warnings(frame, nerves, table, quality, asymmetry, case.norms)
    warnings = *case.warnings, *found_out, *_further_warnings(case, even, table, maps, match)
    return CaseResult(
        case,
        even,
        frame,
        labels,
        nerves,
        table,
        asymmetry,
        quality,
        warnings,
        flow.seconds,
        maps,
        map_profiles(maps, table.profiles),
        pool_sides(asymmetry, settings.asymmetry),
        match,
        taper_of_sides(table, nerves, settings.asymmetry),
        muscles,
    )


def _further_warnings(
    case: Case,
    even: EvenImage,
    table: MeasurementTable,
    maps: Sequence[RegisteredMap],
    match: TemplateMatch | None,
) -> tuple[CaseWarning, ...]:
    """Warnings about what is not the nerves themselves."""
    return (
        *warnings_of_shading(even),
        *warnings_of_values(even.acquired or even.image),
        *warnings_of_stated(case.stated_in_force),
        *warnings_of_reference(table),
        *warnings_of_maps(maps),
        *warnings_of_map_zeros(zero_nodes(maps, table.profiles)),
        *warnings_of_template(match),
    )


def _register_maps(
    case: Case, image: Volume, frame: PatientFrame | None, settings: Settings
) -> tuple[RegisteredMap, ...]:
    return tuple(register_series(image, m, frame, settings.registration) for m in case.maps)


def _template_step(
    case: Case,
    image: Volume,
    frame: PatientFrame | None,
    nerves: NerveTree,
    settings: Settings,
) -> Callable[[], TemplateMatch] | None:
    """What places the case in its template; None without a template or a midline."""
    template = case.template
    if template is None or frame is None:
        return None
    return lambda: place_in_template(template, image, frame, nerves, settings.registration)


def _muscles(
    image: Volume,
    frame: PatientFrame | None,
    nerves: NerveTree,
    table: MeasurementTable,
    settings: Settings,
) -> MuscleTable:
    """Signal of muscles on both sides, apart from the nerves'."""
    sampled = sample_muscles(image, frame, nerves, table.reference, settings.measure)
    return compare_muscles(sampled, settings.asymmetry)


def _assess(
    image: Volume,
    frame: PatientFrame | None,
    nerves: NerveTree,
    table: MeasurementTable,
    settings: Settings,
) -> tuple[LabelMap, tuple[QualityNumber, ...]]:
    """Painted nerves, and the numbers about image and result."""
    labels = paint_labels(nerves, table, image.grid)
    return labels, assess_quality(image, frame, nerves, table, settings.quality)


def _find_and_trace(
    case: Case, image: Volume, frame: PatientFrame | None, settings: Settings
) -> Traced:
    """Traced nerves, from the user's own mask where there is one, else found in the image."""
    if frame is None:
        return NerveTree({}, dict.fromkeys(NERVE_KEYS, ReasonCode.MIDLINE_NOT_FOUND)), {}
    if case.own_mask is None or case.own_mask.unnamed:
        return _find_all(case, image, frame, settings)
    ganglia = find_ganglia(image, frame, settings.segmentation)
    traced = trace_own_mask(case.own_mask, frame, ganglia, settings.tracing)
    drawn = traced, label_voxels(case.own_mask)
    correction = case.own_mask.correction
    if correction is None or not case.is_searched:
        return drawn
    return _with_redrawn(_find_all(case, image, frame, settings), drawn, correction.redrawn)


def _with_redrawn(found: Traced, drawn: Traced, redrawn: Sequence[NerveKey]) -> Traced:
    """What was found, with the nerves that a rater drew in place of its own."""
    others = {key: label for key, label in found[1].items() if key not in redrawn}
    own = {key: label for key, label in drawn[1].items() if key in redrawn}
    return found[0].with_nerves_of(drawn[0], redrawn), {**others, **own}


def _find_all(case: Case, image: Volume, frame: PatientFrame, settings: Settings) -> Traced:
    """Nerves found by the case's network, or by the search in the image or in what is painted.

    A network sees the image as it was acquired: it was trained without our bias correction.
    """
    if case.model is not None:
        found = segment_by_network(case.image, case.model)
        ganglia = find_ganglia(image, frame, settings.segmentation)
        traced = trace_network_labels(found, frame, ganglia, settings.tracing)
        return traced, label_voxels(found)
    evidence = find_nerves(image, frame, settings.segmentation)
    if case.own_mask is not None and case.own_mask.unnamed:
        evidence = led_by_mask(evidence, case.own_mask.labels)
    return trace_nerves(image, evidence, frame, settings.tracing, case.stated), {}


def _done(_step: str, make: Callable[[], Value]) -> Value:
    return make()


class _Flow:
    """Seconds each stage took; announces a stage as it starts."""

    def __init__(self, announce: Announce, steps: Steps) -> None:
        self._announce = announce
        self._steps = steps
        self.seconds: dict[str, float] = {}

    def __call__(self, stage: str, make: Callable[[], Value]) -> Value:
        self._announce(stage)
        start = time.perf_counter()
        value = self._steps(stage, make)
        self.seconds[stage] = time.perf_counter() - start
        return value
