"""Seconds and bytes of the pages: one subject's report, and a study of 1,000 stub subjects."""

import argparse
import json
import shutil
import tempfile
import time
from pathlib import Path

from plexus_mri.batch.case_job import CaseJob
from plexus_mri.batch.case_process import read_case
from plexus_mri.batch.status import CaseState, CaseStatus, write_status
from plexus_mri.batch.stored import read_figures, read_summary
from plexus_mri.batch.study_files import write_study_files
from plexus_mri.io.derivatives import case_paths
from plexus_mri.io.inventory import take_inventory
from plexus_mri.io.preview import preview_bytes
from plexus_mri.io.tables import write_json
from plexus_mri.pipeline import run_case
from plexus_mri.report.figures import draw_figures
from plexus_mri.report.html import render_html
from plexus_mri.report.viewer import render_viewer, viewer_figures
from plexus_mri.settings import Settings

_ROOT = Path(__file__).resolve().parents[2]


def main() -> None:
    """Print what it took; ``--result`` takes a finished study instead of measuring a case."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=1000, help="stub subjects")
    parser.add_argument("--result", type=Path, help="output folder with sub-02 in it")
    parser.add_argument("--keep", type=Path, help="leave the stub study in this folder")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        out = options.keep or Path(folder)
        if options.result is None:
            print(subject_report())
        else:
            print(f"study page: {study_page(options.result, out, options.cases)}")


def subject_report() -> str:
    """Seconds from a measured case to its two pages."""
    row = take_inventory(_ROOT / "sample_data" / "study" / "sub-02", subject="02").rows[0]
    job = CaseJob("02", None, row, Path(), Settings())
    result = run_case(read_case(job), job.settings)
    start = time.perf_counter()
    figures = {
        **draw_figures(result, job.settings.report),
        **viewer_figures(*preview_bytes(result)),
    }
    return f"figures of a subject: {time.perf_counter() - start:.1f} s, {len(figures)} of them"


def study_page(result: Path, out: Path, cases: int) -> str:
    """Seconds and bytes of ``index.html`` over copies of one result under other names."""
    own = case_paths(result, "02", None)
    summary = read_summary(own.summary)
    rows = []
    for number in range(1, cases + 1):
        subject = f"{number:04}"
        paths = case_paths(out, subject, None)
        write_json(paths.summary, _varied(summary, subject, number))
        for name in ("nerve_measures", "profile_measures", "asymmetry_measures"):
            shutil.copyfile(getattr(own, name), getattr(paths, name))
        figures = paths.summary.parent.parent / "figures"
        figures.mkdir(exist_ok=True)
        source = own.summary.parent.parent / "figures" / "sub-02_thumbnail.webp"
        shutil.copyfile(source, figures / f"sub-{subject}_thumbnail.webp")
        rows.append(CaseStatus(subject, None, CaseState.FINISHED, step="report"))
    write_status(out, rows)
    start = time.perf_counter()
    write_study_files(out, rows)
    seconds = time.perf_counter() - start
    start = time.perf_counter()
    stored = read_figures(own, summary)
    pages = (render_html(summary, stored), render_viewer(summary, stored) or "")
    again = time.perf_counter() - start
    size = (out / "index.html").stat().st_size / 1e6
    sizes = " and ".join(f"{len(page.encode()) / 1e6:.1f}" for page in pages)
    return (
        f"{cases} cases in {seconds:.1f} s, {size:.1f} MB; a subject's pages from the store in "
        f"{again:.1f} s, {sizes} MB"
    )


def _varied(summary: dict[str, object], subject: str, number: int) -> dict[str, object]:
    """Stub of another subject: its name, and quality numbers that differ from case to case."""
    copy = json.loads(json.dumps(summary)) | {"subject": subject}
    for row in copy["quality"]:
        if isinstance(row["value"], int | float):
            row["value"] *= 1.0 + 0.02 * ((number * 37) % 23 - 11)
    return dict(copy)


if __name__ == "__main__":
    main()
