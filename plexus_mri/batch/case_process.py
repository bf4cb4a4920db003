"""What happens inside a case's own process: read, measure, report, write."""

import errno
import re
from collections.abc import Callable
from dataclasses import replace

from plexus_mri.batch.case_job import CaseJob
from plexus_mri.batch.case_log import case_log
from plexus_mri.batch.crash import describe_crash
from plexus_mri.batch.outcome import CRASHED, CaseOutcome, outcome_of_error
from plexus_mri.batch.output_folder import clear_case, settings_path
from plexus_mri.batch.software import versions_with
from plexus_mri.batch.status import CaseState
from plexus_mri.batch.steps import StepStore, is_done, mark_done, step_keys, steps_from
from plexus_mri.batch.study_entry import keep_entry
from plexus_mri.batch.viewer_page import write_viewer
from plexus_mri.batch.work_folder import brief_lock, case_folder
from plexus_mri.core.case import Case, CaseResult, CaseWarning
from plexus_mri.core.correction import Correction
from plexus_mri.errors import PlexusError
from plexus_mri.io.atomic import output_error
from plexus_mri.io.derivatives import case_stem, write_case
from plexus_mri.io.inventory import read_series
from plexus_mri.io.landmarks import read_landmarks
from plexus_mri.io.mask import read_own_mask
from plexus_mri.io.preview import preview_bytes
from plexus_mri.io.series_maps import read_series_map
from plexus_mri.io.template import read_template
from plexus_mri.io.yaml_files import write_mapping
from plexus_mri.pipeline import run_case
from plexus_mri.reasons import ReasonCode
from plexus_mri.report.canvas import file_name
from plexus_mri.report.figures import draw_figures
from plexus_mri.report.html import render_html
from plexus_mri.report.model import build_report, report_to_json
from plexus_mri.report.viewer import viewer_figures
from plexus_mri.settings import settings_to_mapping

Announce = Callable[[str], None]

_FULL_DISK = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS})
# What a network drive or a busy machine says for a while: worth another try.
_MAY_PASS = frozenset({errno.EIO, errno.ESTALE, errno.ETIMEDOUT, errno.EAGAIN, errno.EMFILE})
# How libraries in C++ say that there is no memory left.
_NO_MEMORY = re.compile(r"bad_alloc|[Ff]ailed to allocate memory|Unable to allocate")


def measure_case(job: CaseJob, announce: Announce) -> CaseOutcome:
    """Measure one case and write its results; every failure comes back as an outcome."""
    return guarded(job, announce, _measure)


def guarded(
    job: CaseJob, announce: Announce, measure: Callable[[CaseJob, Announce], None]
) -> CaseOutcome:
    """Do something for a case, alone on its files and with its log; failures are outcomes."""
    try:
        with brief_lock(job.out, case_stem(*job.key)), case_log(job) as note:
            measure(job, lambda step: announce(note(step)))
    except PlexusError as error:
        return outcome_of_error(error)
    except Exception as error:  # noqa: BLE001  (one case must not stop the others)
        return _unexpected(error, job)
    return CaseOutcome(CaseState.FINISHED)


def _measure(job: CaseJob, announce: Announce) -> None:
    """Do the steps that are not done yet."""
    folder = case_folder(job.out, job.subject, job.session)
    if is_done(job) and not job.from_step:
        return
    clear_case(job.out, job.subject, job.session)
    steps = StepStore(folder, step_keys(job), steps_from(job.from_step))
    announce("read")
    case = read_case(job)
    result = run_case(case, job.settings, progress=announce, steps=steps)
    announce("write")
    write_result(result, job)
    mark_done(job)
    steps.finish()


def read_case(job: CaseJob) -> Case:
    """Image and, where given, the user's own mask and landmarks.

    Raises
    ------
    InputError, RefusedError
        When image, mask or landmarks cannot be used.
    """
    volume, series = read_series(job.row, assert_orientation=job.assert_orientation)
    maps = tuple(
        read_series_map(name, path, assert_orientation=job.assert_orientation)
        for name, path in job.maps
    )
    norms = job.norms.for_contrast(series.contrast)
    warnings = tuple(_stale_warning(correction) for correction in job.stale)
    template = read_template(job.template) if job.template is not None else None
    case = Case(
        job.subject,
        job.session,
        volume,
        series,
        maps=maps,
        warnings=warnings,
        norms=norms,
        template=template,
        model=job.model,
        stated=None if job.landmarks is None else read_landmarks(job.landmarks, volume.grid),
    )
    if job.segmentation is None or job.labels is None:
        return case
    mask = read_own_mask(job.segmentation, job.labels, volume.grid)
    return replace(case, own_mask=replace(mask, correction=job.correction))


def _stale_warning(correction: Correction) -> CaseWarning:
    reason = ReasonCode.CORRECTION_STALE
    words = correction.words
    sentence = f"{words[0].upper()}{words[1:]}: {reason.text}"
    return CaseWarning(reason, f"correction by {correction.rater}", sentence)


def write_result(result: CaseResult, job: CaseJob) -> None:
    """Draw and write everything of one case; the settings in force go beside its tables."""
    settings = settings_to_mapping(job.settings)
    write_mapping(settings_path(job.out, job.subject, job.session), settings)
    figures = {
        **draw_figures(result, job.settings.report),
        **viewer_figures(*preview_bytes(result)),
    }
    software = versions_with(job.model)
    report = build_report(result, settings=settings, software=software, figures=figures)
    summary = report_to_json(report)
    contents = {file_name(name, figure.mime): figure.bytes for name, figure in figures.items()}
    write_viewer(job.out, summary, figures)
    write_case(result, summary, contents, render_html(summary, figures), job.out)
    keep_entry(job.out, job.subject, job.session)


def _unexpected(error: Exception, job: CaseJob) -> CaseOutcome:
    """Outcome of an error that no stage meant to raise."""
    number = error.errno if isinstance(error, OSError) else None
    if number in _FULL_DISK and isinstance(error, OSError):
        return outcome_of_error(output_error(job.out, error))
    crash = describe_crash(error)
    if isinstance(error, MemoryError) or _NO_MEMORY.search(str(error)):
        sentence = "more memory was needed than this case may use; raise --memory-limit"
        return CaseOutcome(CaseState.FAILED, 4, ReasonCode.CASE_MEMORY, sentence, crash)
    sentence = f"an unexpected {type(error).__name__} stopped this case"
    return CaseOutcome(
        CaseState.FAILED,
        CRASHED,
        ReasonCode.CASE_CRASHED,
        sentence,
        crash,
        may_pass=number in _MAY_PASS,
    )
