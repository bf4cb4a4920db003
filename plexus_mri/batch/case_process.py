"""What happens inside a case's own process: read, measure, report, write."""

import errno
from collections.abc import Callable
from dataclasses import replace

from plexus_mri.batch.case_job import CaseJob
from plexus_mri.batch.crash import describe_crash
from plexus_mri.batch.outcome import CRASHED, CaseOutcome, outcome_of_error
from plexus_mri.batch.output_folder import clear_case, settings_path
from plexus_mri.batch.software import software_versions
from plexus_mri.batch.status import CaseState
from plexus_mri.batch.viewer_page import write_viewer
from plexus_mri.core.case import Case, CaseResult
from plexus_mri.errors import PlexusError
from plexus_mri.io.atomic import output_error
from plexus_mri.io.derivatives import write_case
from plexus_mri.io.inventory import read_series
from plexus_mri.io.mask import read_own_mask
from plexus_mri.io.preview import preview_bytes
from plexus_mri.io.series_maps import read_series_map
from plexus_mri.io.yaml_files import write_mapping
from plexus_mri.pipeline import run_case
from plexus_mri.reasons import ReasonCode
from plexus_mri.report.canvas import file_name
from plexus_mri.report.figures import draw_figures
from plexus_mri.report.html import render_html
from plexus_mri.report.model import build_report, report_to_json
from plexus_mri.report.viewer import viewer_figures
from plexus_mri.settings import settings_to_mapping

_FULL_DISK = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS})


def measure_case(job: CaseJob, announce: Callable[[str], None]) -> CaseOutcome:
    """Measure one case and write its results; every failure comes back as an outcome."""
    try:
        clear_case(job.out, job.subject, job.session)
        announce("read")
        case = read_case(job)
        result = run_case(case, job.settings, progress=announce)
        announce("write")
        write_result(result, job)
    except PlexusError as error:
        return outcome_of_error(error)
    except MemoryError as error:
        return _crashed(error, "more memory was needed than this case may use")
    except OSError as error:
        if error.errno in _FULL_DISK:
            return outcome_of_error(output_error(job.out, error))
        return _crashed(error)
    except Exception as error:  # noqa: BLE001  (one case must not stop the others)
        return _crashed(error)
    return CaseOutcome(CaseState.FINISHED)


def read_case(job: CaseJob) -> Case:
    """Image and, where given, the user's own mask.

    Raises
    ------
    InputError, RefusedError
        When image or mask cannot be used.
    """
    volume, series = read_series(job.row, assert_orientation=job.assert_orientation)
    maps = tuple(
        read_series_map(name, path, assert_orientation=job.assert_orientation)
        for name, path in job.maps
    )
    case = Case(job.subject, job.session, volume, series, maps=maps)
    if job.segmentation is None or job.labels is None:
        return case
    return replace(case, own_mask=read_own_mask(job.segmentation, job.labels, volume.grid))


def write_result(result: CaseResult, job: CaseJob) -> None:
    """Draw and write everything of one case; the settings in force go beside its tables."""
    settings = settings_to_mapping(job.settings)
    write_mapping(settings_path(job.out, job.subject, job.session), settings)
    figures = {
        **draw_figures(result, job.settings.report),
        **viewer_figures(*preview_bytes(result)),
    }
    report = build_report(result, settings=settings, software=software_versions(), figures=figures)
    summary = report_to_json(report)
    contents = {file_name(name, figure.mime): figure.bytes for name, figure in figures.items()}
    write_viewer(job.out, summary, figures)
    write_case(result, summary, contents, render_html(summary, figures), job.out)


def _crashed(error: Exception, sentence: str = "") -> CaseOutcome:
    sentence = sentence or f"an unexpected {type(error).__name__} stopped this case"
    return CaseOutcome(
        CaseState.FAILED, CRASHED, ReasonCode.CASE_CRASHED, sentence, describe_crash(error)
    )
