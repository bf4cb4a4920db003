"""The study's page: filters, sorting, keys, thumbnails in view, ratings of its cases."""

import pytest

VISIBLE = (
    "Array.from(document.querySelectorAll('#table tbody tr')).filter(r => !r.hidden)"
    ".map(r => r.querySelector('th').textContent.trim())"
)


@pytest.fixture
def study(watched, folder):
    watched.page.goto((folder / "index.html").as_uri())
    return watched


def test_page_opens_offline_without_a_complaint(study):
    assert study.page.evaluate(VISIBLE) == ["01", "02", "03"]
    assert study.outside == []
    assert study.errors == []


@pytest.mark.parametrize(
    ("field", "choice", "left"),
    [
        ("state", "refused", ["03"]),
        ("verdict", "difference", ["01", "02"]),
        ("reason", "SIDE_UNPROVEN", ["03"]),
        ("group", "control", ["02"]),
        ("rating", "none", ["01", "02"]),
    ],
)
def test_filters_leave_the_cases_they_name(study, field, choice, left):
    study.page.select_option(f".filters [name='{field}']", choice)
    assert study.page.evaluate(VISIBLE) == left
    assert f"{len(left)} of 3 cases shown" in study.page.locator("#shown").inner_text()


def test_text_filter_and_reset(study):
    study.page.fill(".filters [name='text']", "proven")
    assert study.page.evaluate(VISIBLE) == ["03"]
    study.page.click(".filters button[type='reset']")
    study.page.wait_for_function(f"({VISIBLE}).length === 3")


def test_sorting_turns_the_order(study):
    head = study.page.locator("#table thead button", has_text="Case")
    head.click()
    head.click()
    assert study.page.evaluate(VISIBLE) == ["03", "02", "01"]


def test_thumbnails_come_with_the_view(study):
    image = study.page.locator("img.thumbnail").first
    image.scroll_into_view_if_needed()
    study.page.wait_for_function("document.querySelector('img.thumbnail').naturalWidth > 50")


def opened(page, address):
    """Wait for a page, and for its first picture: a browser drops keys that come before it."""
    page.wait_for_url(address)
    page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")


def test_keys_move_through_the_cases_and_on_from_case_to_case(study):
    page = study.page
    page.keyboard.press("j")
    page.keyboard.press("j")
    assert page.evaluate("document.activeElement.textContent.trim()") == "02"
    page.keyboard.press("k")
    page.keyboard.press("Enter")
    opened(page, "**/sub-01.html")
    page.keyboard.press("n")
    opened(page, "**/sub-02.html")
    page.keyboard.press("p")
    opened(page, "**/sub-01.html")


def test_a_click_on_a_mark_opens_its_case(study):
    page = study.page
    spot = page.evaluate("JSON.parse(document.getElementById('points').textContent)[1]")
    chart = page.locator(".spots img")
    chart.scroll_into_view_if_needed()
    box = chart.bounding_box()
    page.mouse.click(
        box["x"] + spot["x"] * box["width"] / 100, box["y"] + spot["y"] * box["height"] / 100
    )
    page.wait_for_url("**/sub-02.html")


def test_no_serious_accessibility_finding(study):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    found = axe.run(study.page).response["violations"]
    serious = [
        (v["id"], v["nodes"][0]["html"][:150]) for v in found
        if v["impact"] in {"serious", "critical"}
    ]  # fmt: skip
    assert serious == []


def test_blinded_study_page_hides_sides_results_and_other_raters(study):
    page = study.page
    row = dict.fromkeys(page.evaluate("window.plexusRatings.columns"))
    case = page.evaluate("JSON.parse(document.getElementById('rated-cases').textContent)[0]")
    given = {**row, **case, "item": "nerves", "verdict": "fail", "blinded": True}
    both = [{**given, "rater": "AB"}, {**given, "rater": "CD"}]
    page.evaluate("rows => window.plexusRatings.put(rows)", both)
    page.evaluate("localStorage.setItem('plexus-mri/rater', 'CD')")
    page.select_option(".filters [name='reason']", "SIDE_UNPROVEN")
    page.check("#blind-reading")
    assert page.evaluate(VISIBLE) == ["01", "02", "03"]
    shown = page.locator("body").inner_text()
    assert "nerves: fail, CD" in shown
    for hidden in ("AB", "Distributions", "SIDE_UNPROVEN", "cut-off", "difference shown", "MMN"):
        assert hidden not in shown, hidden
    assert not page.locator("img.thumbnail").first.is_visible()
    page.fill(".filters [name='text']", "SIDE_UNPROVEN")
    assert page.evaluate(VISIBLE) == []
