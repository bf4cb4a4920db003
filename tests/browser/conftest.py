"""Pages of a small study in a real browser that has no network."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from plexus_mri.core.case import CaseResult
from plexus_mri.io.preview import preview_bytes
from plexus_mri.report.canvas import Figure
from plexus_mri.report.figures import draw_figures
from plexus_mri.report.html import render_html
from plexus_mri.report.index_page import index_entry, render_index
from plexus_mri.report.model import build_report, report_to_json
from plexus_mri.report.settings import ReportSettings
from plexus_mri.report.study_charts import Distribution
from plexus_mri.report.viewer import render_viewer, viewer_bundle, viewer_figures
from tests.unit.report.conftest import make_result

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--enable-unsafe-swiftshader",  # WebGL without a graphics card
    "--use-angle=swiftshader",
)
PATIENCE_MS = 120_000  # for busy machines; nothing is timed here
SETTINGS = {"preprocess": {"correct_bias": True}, "asymmetry": {"family_error_percent": 5.0}}


class Watched:
    """A page, and everything it complained about or asked the outside for."""

    def __init__(self, page) -> None:
        self.page = page
        self.errors: list[str] = []
        self.requests: list[str] = []
        page.set_default_timeout(PATIENCE_MS)
        page.on("console", lambda m: self.errors.append(m.text) if m.type == "error" else None)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("request", lambda request: self.requests.append(request.url))

    @property
    def outside(self) -> list[str]:
        """Addresses asked for that are neither files nor data of the page itself."""
        return [u for u in self.requests if not u.startswith(("file:", "data:", "blob:"))]


@pytest.fixture(scope="session")
def browser() -> Iterator[object]:
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        pytest.skip("no chromium on this machine; apt-get install chromium")
    with sync_api.sync_playwright() as player:
        opened = player.chromium.launch(executable_path=program, headless=True, args=list(FLAGS))
        yield opened
        opened.close()


@pytest.fixture
def watched(browser) -> Iterator[Watched]:
    """A page in a new profile, with the network off."""
    context = browser.new_context(offline=True, viewport={"width": 1200, "height": 900})
    yield Watched(context.new_page())
    context.close()


@pytest.fixture(scope="session")
def case() -> CaseResult:
    return make_result(1.5)


@pytest.fixture(scope="session")
def figures(case: CaseResult) -> dict[str, Figure]:
    return {**draw_figures(case, ReportSettings()), **viewer_figures(*preview_bytes(case))}


@pytest.fixture(scope="session")
def summary(case: CaseResult, figures: dict[str, Figure]) -> dict[str, object]:
    software = {"plexus-mri": "0"}
    report = build_report(case, settings=SETTINGS, software=software, figures=figures)
    return json.loads(json.dumps(report_to_json(report)))


@pytest.fixture(scope="session")
def folder(summary, figures, tmp_path_factory) -> Path:
    """Folder with a report, a second one, the viewer page and the study's page."""
    out = tmp_path_factory.mktemp("pages")
    stem = f"sub-{summary['subject']}"
    other = {**summary, "subject": "02"}
    (out / f"{stem}.html").write_text(render_html(summary, figures), encoding="utf-8")
    (out / "sub-02.html").write_text(render_html(other, figures), encoding="utf-8")
    if viewer_bundle() is not None:
        page = render_viewer(summary, figures)
        (out / f"{stem}_viewer.html").write_text(page or "", encoding="utf-8")
    entries = [
        {**index_entry(s, figures["thumbnail"], state="finished", link=f"sub-{s['subject']}.html"),
         "group": group}
        for s, group in ((summary, "MMN"), (other, "control"))
    ]  # fmt: skip
    entries.append(
        {"subject": "03", "state": "refused", "reason": "Sides cannot be proven (SIDE_UNPROVEN)",
         "reasons": ["SIDE_UNPROVEN"]}
    )  # fmt: skip
    links = tuple(str(entry["link"]) for entry in entries[:2])
    spots = [Distribution("noise", "%", (1.0, 3.0), links, None)]
    index = render_index(entries, distributions=spots, cutoff="stated")
    (out / "index.html").write_text(index, encoding="utf-8")
    return out


@pytest.fixture(scope="session")
def report(folder: Path, summary) -> str:
    return (folder / f"sub-{summary['subject']}.html").as_uri()
