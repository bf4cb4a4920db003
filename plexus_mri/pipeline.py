"""The flow of one case, in reading order: from image to asymmetry."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from plexus_mri.asymmetry.compare import compare_sides
from plexus_mri.core.anatomy import NERVE_KEYS
from plexus_mri.core.case import Case, CaseResult
from plexus_mri.core.frame import PatientFrame
from plexus_mri.core.nerve_tree import NerveTree
from plexus_mri.core.volume import Volume
from plexus_mri.measure.map_profiles import map_profiles
from plexus_mri.measure.measure import measure_nerves
from plexus_mri.preprocess.bias import correct_bias
from plexus_mri.quality.assess import assess_quality
from plexus_mri.quality.warn import collect_warnings, warnings_of_maps
from plexus_mri.reasons import ReasonCode
from plexus_mri.registration.frame import find_patient_frame, prove_sides
from plexus_mri.registration.series import register_series
from plexus_mri.segmentation.classical import find_nerves
from plexus_mri.settings import Settings
from plexus_mri.tracing.own_mask import trace_own_mask
from plexus_mri.tracing.paint import paint_labels
from plexus_mri.tracing.trace import trace_nerves

Announce = Callable[[str], None]


def run_case(case: Case, settings: Settings, *, progress: Announce | None = None) -> CaseResult:
    """Measure one case, from image to asymmetry; writes nothing.

    Parameters
    ----------
    progress
        Called with the name of each stage as it starts.

    Raises
    ------
    RefusedError
        When sides cannot be proven.
    InputError
        When the user's own mask contradicts the image.
    """
    clock = _Clock(progress or (lambda _: None))
    with clock("bias"):
        image = correct_bias(case.image.to_ras(), settings.preprocess)
    with clock("frame"):
        source = case.series.orientation_source
        frame = find_patient_frame(image, source, settings.registration)
    with clock("trace"):
        nerves = _find_and_trace(case, image, frame, settings)
    with clock("sides"):
        frame = frame and prove_sides(frame, nerves, settings.registration)
    with clock("measure"):
        table = measure_nerves(image, nerves, frame, settings.measure)
    with clock("maps"):
        maps = tuple(register_series(image, m, frame, settings.registration) for m in case.maps)
        along = map_profiles(maps, table.profiles)
    with clock("compare"):
        asymmetry = compare_sides(table, nerves, settings.asymmetry)
    with clock("quality"):
        labels = paint_labels(nerves, table, image.grid)
        quality = assess_quality(image, frame, nerves, table, settings.quality)
        warnings = (
            *collect_warnings(frame, nerves, table, quality, asymmetry),
            *warnings_of_maps(maps),
        )
    seconds = clock.seconds
    return CaseResult(
        case,
        image,
        frame,
        labels,
        nerves,
        table,
        asymmetry,
        quality,
        warnings,
        seconds,
        maps,
        along,
    )


def _find_and_trace(
    case: Case, image: Volume, frame: PatientFrame | None, settings: Settings
) -> NerveTree:
    """Traced nerves, from the user's own mask where there is one, else from the image."""
    if frame is None:
        return NerveTree({}, dict.fromkeys(NERVE_KEYS, ReasonCode.MIDLINE_NOT_FOUND))
    if case.own_mask is not None:
        return trace_own_mask(case.own_mask, frame, settings.tracing)
    evidence = find_nerves(image, frame, settings.segmentation)
    return trace_nerves(image, evidence, frame, settings.tracing)


class _Clock:
    """Seconds each stage took; announces a stage as it starts."""

    def __init__(self, announce: Announce) -> None:
        self._announce = announce
        self.seconds: dict[str, float] = {}

    @contextmanager
    def __call__(self, stage: str) -> Iterator[None]:
        self._announce(stage)
        start = time.perf_counter()
        yield
        self.seconds[stage] = time.perf_counter() - start
