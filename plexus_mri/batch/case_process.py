"""What happens inside a case's own process: read, measure, report, write."""

import errno
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from plexus_mri.batch.crash import describe_crash
from plexus_mri.batch.outcome import CRASHED, CaseOutcome, outcome_of_error
from plexus_mri.batch.software import software_versions
from plexus_mri.batch.status import CaseState
from plexus_mri.core.case import Case, CaseResult
from plexus_mri.errors import PlexusError
from plexus_mri.io.atomic import output_error
from plexus_mri.io.derivatives import case_paths, write_case
from plexus_mri.io.discover import read_series
from plexus_mri.io.inventory import InventoryRow
from plexus_mri.io.mask import read_own_mask
from plexus_mri.io.yaml_files import write_mapping
from plexus_mri.pipeline import run_case
from plexus_mri.reasons import ReasonCode
from plexus_mri.report.figures import draw_figures
from plexus_mri.report.html import render_html
from plexus_mri.report.model import build_report, report_to_json
from plexus_mri.settings import Settings, settings_to_mapping

Announce = Callable[[str], None]


@dataclass(frozen=True)
class CaseJob:
    """One case to measure, in values that travel to another process."""

    subject: str
    session: str | None
    row: InventoryRow
    out: Path
    settings: Settings
    segmentation: Path | None = None
    labels: Path | None = None
    assert_orientation: bool = False
    recipe_sha256: str = ""


def measure_case(job: CaseJob, announce: Announce) -> CaseOutcome:
    """Measure one case and write its results; every failure comes back as an outcome."""
    try:
        announce("read")
        case = read_case(job)
        result = run_case(case, job.settings, progress=announce)
        announce("write")
        write_result(result, job)
    except PlexusError as error:
        return outcome_of_error(error)
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EROFS}:
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
    case = Case(job.subject, job.session, volume, series)
    if job.segmentation is None:
        return case
    return replace(case, own_mask=read_own_mask(job.segmentation, job.labels, volume.grid))


def write_result(result: CaseResult, job: CaseJob) -> None:
    """Draw and write everything of one case; the settings go beside the tables."""
    settings = settings_to_mapping(job.settings)
    paths = case_paths(job.out, job.subject, job.session)
    name = paths.summary.name.replace("_desc-summary_report.json", "_desc-settings_recipe.yaml")
    write_mapping(paths.summary.with_name(name), settings)
    figures = draw_figures(result, job.settings.report)
    report = build_report(result, settings=settings, software=software_versions(), figures=figures)
    summary = report_to_json(report)
    contents = {name: figure.content for name, figure in figures.items()}
    write_case(result, summary, contents, render_html(summary, contents), job.out)


def _crashed(error: Exception) -> CaseOutcome:
    sentence = f"an unexpected {type(error).__name__} stopped this case"
    return CaseOutcome(
        CaseState.FAILED, CRASHED, ReasonCode.CASE_CRASHED, sentence, describe_crash(error)
    )
