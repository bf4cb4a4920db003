"""Hostile text in every field that reaches a page is shown as text; nothing runs."""

import pytest

from plexus_mri.report.html import render_html
from plexus_mri.report.index_page import index_entry, render_index
from plexus_mri.report.study_charts import Distribution
from plexus_mri.report.viewer import render_viewer, viewer_bundle

EVIL = (
    '</script><script>window.evil=1</script><img src=x onerror="window.evil=2">'
    "'\"`${window.evil=3}--><svg/onload=window.evil=4>\u202e\u200f{{ 7 * 7 }}"
)
# Words that choose a path through the page, not words that are shown.
_STRUCTURE = {"verdict", "pattern", "name", "group", "mime", "overlay_of", "file"}


def planted(value, key=""):
    """The same value with hostile text in place of, or behind, every text in it."""
    if isinstance(value, dict):
        return {k: planted(v, k) for k, v in value.items()}
    if isinstance(value, list):
        return [planted(v, key) for v in value]
    if isinstance(value, str) and key not in _STRUCTURE:
        return value + EVIL
    return value


@pytest.fixture(scope="module")
def hostile(summary):
    return planted(summary)


def opened(watched, path, text):
    path.write_text(text, encoding="utf-8")
    watched.page.goto(path.as_uri())
    watched.page.wait_for_timeout(500)
    assert watched.page.evaluate("window.evil") is None
    assert watched.outside == []
    assert watched.errors == []
    return watched.page


def test_report_shows_it_as_text(watched, hostile, figures, tmp_path):
    page = opened(watched, tmp_path / "report.html", render_html(hostile, figures))
    assert "<script>window.evil=1</script>" in page.locator("body").inner_text()
    assert "{{ 7 * 7 }}" in page.locator("h1").inner_text()


def test_study_page_shows_it_as_text(watched, hostile, figures, tmp_path):
    entry = index_entry(hostile, figures["thumbnail"], state="finished", link="sub-01.html")
    row = {**entry, "group": EVIL, "reason": EVIL, "reasons": [EVIL], "left_out": EVIL}
    rating = {"participant_id": "sub-01", "session_id": None, "item": EVIL, "rater": EVIL,
              "verdict": EVIL, "image_sha256": "", "mask_sha256": "", "comment": EVIL,
              "stale": False}  # fmt: skip
    text = render_index(
        [row, {**row, "link": None}],
        ratings=[rating],
        distributions=[Distribution(EVIL[:20], "%", (1.0, 2.0), ("a.html", "b.html"), None)],
        cutoff=EVIL,
    )
    page = opened(watched, tmp_path / "index.html", text)
    assert "<script>window.evil=1</script>" in page.locator("#table").inner_text()


def test_viewer_page_shows_it_as_text(watched, hostile, figures, tmp_path):
    if viewer_bundle() is None:
        pytest.skip("the viewer's program was not fetched; run scripts/fetch_viewer.py")
    page = opened(watched, tmp_path / "viewer.html", render_viewer(hostile, figures) or "")
    assert "<script>window.evil=1</script>" in page.locator("h1").inner_text()


def test_comment_and_rater_of_a_rating_are_shown_as_text(watched, report):
    page = watched.page
    page.goto(report)
    page.fill("#rater", EVIL[:60])
    form = page.locator("form[data-item='image']")
    form.locator("input[value='pass']").check()
    form.locator("textarea").fill(EVIL)
    form.locator("button[type='submit']").click()
    # The browser stores the rating in its own time: a reload must not overtake it.
    page.locator("#rating-list li").wait_for()
    page.reload()
    page.locator("#rating-list li").wait_for()
    assert "<script>window.evil=1</script>" in page.locator("#rating-list").inner_text()
    assert page.evaluate("window.evil") is None
    assert watched.errors == []


def test_ten_thousand_characters_do_not_widen_the_page(watched, summary, figures, tmp_path):
    long = {**summary, "subject": "x" * 10_000}
    page = opened(watched, tmp_path / "long.html", render_html(long, figures))
    assert page.evaluate("document.documentElement.scrollWidth") <= 1200
