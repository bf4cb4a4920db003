"""What each command does: options in, exit code out."""

import time
from collections.abc import Sequence
from pathlib import Path

import typer
from rich.console import Console

from plexus_mri.batch.case_job import CaseJob
from plexus_mri.batch.convert import Conversion, convert_study
from plexus_mri.batch.inventory_table import inventory_rows, write_inventory
from plexus_mri.batch.outcome import OK
from plexus_mri.batch.output_folder import check_output
from plexus_mri.batch.plan import Unusable, keep_private, make_plan, of_participants, survey
from plexus_mri.batch.queue_cluster import array_script
from plexus_mri.batch.rebuild import rebuild_reports
from plexus_mri.batch.status import FILE_NAME, CaseState, CaseStatus, read_status
from plexus_mri.batch.stored import read_summary
from plexus_mri.batch.study import check_single, run_study, to_measure
from plexus_mri.batch.work_folder import is_held
from plexus_mri.cli.options import (
    ConvertOptions,
    InventoryOptions,
    MeasureOptions,
    ResultOptions,
    ScriptOptions,
    StatusOptions,
)
from plexus_mri.cli.progress import show_progress
from plexus_mri.cli.requests import measure_request, naming_request
from plexus_mri.cli.text import (
    caveat_lines,
    closing_line,
    counted,
    open_cases_text,
    status_table,
    table,
    verdict_lines,
)
from plexus_mri.errors import InputError
from plexus_mri.io.derivatives import case_paths
from plexus_mri.io.inventory import Inventory
from plexus_mri.io.landmarks import check_landmarks_file
from plexus_mri.io.series_maps import why_no_map
from plexus_mri.io.tables import cell
from plexus_mri.reasons import ReasonCode

_WATCH_S = 2.0
_SHOWN = (
    *("series", "subject", "session", "contrast", "plane", "body_part", "coverage"),
    *("shape", "spacing", "files", "chosen"),
)


def inventory(options: InventoryOptions) -> int:
    """Carry out ``inventory``."""
    request = naming_request(options, options.out or Path())
    if options.out is not None:
        check_output(options.out, options.source)
    found = of_participants(survey(request, options.out), request.participants)
    if options.out is not None:
        write_inventory(options.out, found)
        keep_private(options.source, options.out, found)
    typer.echo(_inventory_text(found))
    chosen = sum(row.chosen for row in found.rows)
    typer.echo(f"{len(found.rows)} series, {chosen} chosen; exit code {OK}")
    return OK


def convert(options: ConvertOptions) -> int:
    """Carry out ``convert``."""
    request = naming_request(options, options.out)
    if not options.dry_run:
        check_output(options.out, options.source)
    found = of_participants(survey(request, options.out), request.participants)
    if options.dry_run:
        typer.echo(_inventory_text(found))
        sound = sum(row.sound for row in found.rows)
        return _closing_dry_run(f"{sound} series would be converted")
    keep_private(options.source, options.out, found)
    end = convert_study(found, options.out, _say_conversion)
    done = sum(item.file is not None for item in end.conversions)
    left = len(end.conversions) - done
    where = options.out / "inventory.tsv"
    typer.echo(f"{done} converted, {left} not; exit code {end.exit_code}; inventory: {where}")
    return end.exit_code


def run(options: MeasureOptions) -> int:
    """Carry out ``run``."""
    return _measure(options, single=True)


def batch(options: MeasureOptions) -> int:
    """Carry out ``batch``."""
    return _measure(options, single=False)


def status(options: StatusOptions) -> int:
    """Carry out ``status``."""
    if not (options.folder / FILE_NAME).is_file():
        msg = f"'{options.folder}' holds no {FILE_NAME}; measure first with 'run' or 'batch'"
        raise InputError(msg, ReasonCode.INPUT_MISSING)
    screen = Console()
    while options.watch and is_held(options.folder):
        screen.clear()
        typer.echo(open_cases_text(read_status(options.folder)))
        time.sleep(_WATCH_S)
    rows = read_status(options.folder)
    typer.echo(status_table(rows))
    typer.echo(closing_line(rows, OK, options.folder))
    return OK


def cluster_script(options: ScriptOptions) -> int:
    """Carry out ``cluster script``."""
    request = naming_request(options, options.out)
    found = of_participants(survey(request, options.out), request.participants)
    labels = dict.fromkeys(subject.removeprefix("sub-") for subject, _ in found.subjects())
    places = (str(path.absolute()) for path in (options.source, options.out))
    command = ["plexus-mri", "batch", next(places), "--out", next(places)]
    typer.echo(array_script(options.cluster, command, list(labels)), nl=False)
    return OK


def report(options: ResultOptions) -> int:
    """Carry out ``report``."""
    end = rebuild_reports(options.folder)
    for sentence in end.damaged.values():
        typer.echo(sentence, err=True)
    failed = f", {counted(len(end.damaged), 'case')} damaged" if end.damaged else ""
    index = options.folder / "index.html"
    written = counted(end.rendered, "page")
    typer.echo(f"{written} written{failed}, {index}; exit code {end.exit_code}")
    return end.exit_code


def _measure(options: MeasureOptions, *, single: bool) -> int:
    request = measure_request(options, resume=not single)
    if options.dry_run:
        plan = make_plan(request)
        if single:
            check_single(plan)
        todo = {job.key for job in to_measure(plan, request)}
        why_not = {job.key: _why_not(job) for job in plan.jobs if job.key in todo}
        rows = [_planned(job, why_not.get(job.key)) for job in plan.jobs]
        rows += [(_name(c), f"no: {c.outcome.sentence}", "", "") for c in plan.unusable]
        typer.echo(table(("case", "action", "series", "rule"), rows))
        sound = sum(not sentence for sentence in why_not.values())
        return _closing_dry_run(f"{counted(sound, 'case')} would be measured")
    with show_progress() as listener:
        end = run_study(request, listener, single=single)
    typer.echo(status_table(end.rows))
    for line in _verdict_lines(end.rows, options.out) if single else ():
        typer.echo(line)
    typer.echo(caveat_lines())
    typer.echo(closing_line(end.rows, end.exit_code, options.out))
    return end.exit_code


def _verdict_lines(rows: Sequence[CaseStatus], out: Path) -> list[str]:
    """What the reports of finished cases say first."""
    finished = (row for row in rows if row.state is CaseState.FINISHED)
    paths = (case_paths(out, row.subject, row.session).summary for row in finished)
    return [line for path in paths for line in verdict_lines(read_summary(path))]


def _why_not(job: CaseJob) -> str:
    """Why a case would fail by what the user gives with it; empty when nothing is seen."""
    if job.segmentation is not None and not job.segmentation.exists():
        return f"the mask '{job.segmentation.name}' does not exist"
    try:
        if job.landmarks is not None:
            check_landmarks_file(job.landmarks)
    except InputError as error:
        return str(error)
    return ""


def _planned(job: CaseJob, why_not: str | None) -> tuple[str, str, str, str]:
    """What would be done with a case: its name, the action, the series and the rule for it.

    ``why_not`` is None for a case that is measured already.
    """
    row = job.row
    image = f"{row.series} ({row.contrast}, {row.plane})"
    if why_not is None:
        return _name(job), "already done", image, row.rule
    if why_not:
        return _name(job), f"no: {why_not}", image, row.rule
    return _name(job), "; ".join(["measure", *_maps_left_out(job)]), image, row.rule


def _maps_left_out(job: CaseJob) -> list[str]:
    """Maps of a case that cannot be used, each with its reason."""
    doubts = (
        (name, why_no_map(path, assert_orientation=job.assert_orientation))
        for name, path in job.maps
    )
    return [f"without map {name} ({doubt})" for name, doubt in doubts if doubt]


def _name(case: CaseJob | Unusable) -> str:
    return CaseStatus(case.subject, case.session).name


def _closing_dry_run(words: str) -> int:
    typer.echo(f"{words}; nothing was written; exit code {OK}")
    return OK


def _inventory_text(found: Inventory) -> str:
    rows = inventory_rows(found)
    why = [cell(row["rule"] if row["chosen"] else row["reason"]) for row in rows]
    lines = [(*(cell(row[k]) for k in _SHOWN), w) for row, w in zip(rows, why, strict=True)]
    left_out = f"\nleft out: {found.ignored_words}" if found.ignored else ""
    return table((*_SHOWN, "rule or reason"), lines) + left_out


def _say_conversion(done: Conversion) -> None:
    name = f"series {done.row.series}: "
    why = f"{done.outcome.reason}: {done.outcome.sentence.removeprefix(name)}"
    typer.echo(name + (done.file or why), err=True)
