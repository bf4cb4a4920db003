"""The subject's report in a browser: offline, silent, toggled by mouse and key, readable."""

import json
import shutil
import threading

import pytest

from plexus_mri.batch.qa_server import open_server
from plexus_mri.batch.ratings import add_ratings
from plexus_mri.io.ratings import ratings_from_json

SHOWN = "getComputedStyle(document.querySelector('.overlay')).visibility"


def test_report_opens_from_disk_without_network_or_complaint(watched, report):
    watched.page.goto(report)
    assert watched.page.locator("h1").inner_text().startswith("Brachial plexus")
    assert watched.outside == []
    assert watched.errors == []


def test_layers_are_toggled_by_mouse_and_by_key_f(watched, report):
    page = watched.page
    page.goto(report)
    assert page.evaluate(SHOWN) == "visible"
    page.click("#overlay")
    assert page.evaluate(SHOWN) == "hidden"
    page.keyboard.press("f")
    assert page.evaluate(SHOWN) == "visible"


def test_letter_f_in_a_comment_toggles_nothing(watched, report):
    page = watched.page
    page.goto(report)
    page.locator("textarea").first.press_sequentially("fff")
    assert page.evaluate(SHOWN) == "visible"


def test_tables_sort_by_value_up_and_down(watched, report):
    page = watched.page
    page.goto(report)
    page.locator("#tables summary").first.click()
    head = page.locator("#tables table").first.locator("th", has_text="Difference").first
    cells = (
        "Array.from(document.querySelector('#tables table').tBodies[0].rows,"
        " r => r.cells[4].dataset.value).filter(Boolean).map(Number)"
    )
    head.locator("button").click()
    up = page.evaluate(cells)
    head.locator("button").press("Enter")
    assert up == sorted(up)
    assert page.evaluate(cells) == sorted(up, reverse=True)


def test_straightened_nerves_and_largest_differences_are_on_the_page(watched, report):
    page = watched.page
    page.goto(report)
    for name in ("straight_roots", "sections_difference"):
        box = page.locator(f"#figure-{name} img").first
        assert box.evaluate("i => i.complete && i.naturalWidth") > 400
    assert page.locator("#figure-straight_roots img.overlay").count() == 1


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_serious_accessibility_finding(watched, report, scheme):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    watched.page.emulate_media(color_scheme=scheme)
    watched.page.goto(report)
    found = axe.run(watched.page).response["violations"]
    serious = [
        (v["id"], v["nodes"][0]["html"][:150]) for v in found
        if v["impact"] in {"serious", "critical"}
    ]  # fmt: skip
    assert serious == []


def test_page_reads_without_script(browser, report):
    context = browser.new_context(offline=True, java_script_enabled=False)
    page = context.new_page()
    page.goto(report)
    assert page.locator("#verdict").is_visible()
    assert not page.locator("#rating form").first.is_visible()
    context.close()


def test_print_leaves_out_controls_and_keeps_caveats(watched, report):
    page = watched.page
    page.goto(report)
    page.emulate_media(media="print")
    assert not page.locator("nav").is_visible()
    assert page.locator(".caveats").first.is_visible()


def rate(page, item="nerves", verdict="fail", rater="AB"):
    page.fill("#rater", rater)
    form = page.locator(f"form[data-item='{item}']")
    form.locator(f"input[value='{verdict}']").check()
    form.locator("input[name='score'][value='2']").check()
    form.locator(
        "input[value='path_wrong_L']" if item == "nerves" else "input[value='motion']"
    ).check()
    form.locator("input[name='confidence'][value='high']").check()
    form.locator("textarea").fill('dips "below"\nC7; \u202eok')
    form.locator("button[type='submit']").click()
    page.wait_for_function("document.querySelectorAll('#rating-list li').length > 0")


def export(page, kind):
    with page.expect_download() as waiting:
        page.locator(f"[data-export='{kind}']").first.click()
    return waiting.value.path().read_text(encoding="utf-8")


def test_rating_is_kept_exported_and_read_back_identical(watched, report, tmp_path):
    page = watched.page
    page.goto(report)
    rate(page)
    rate(page, "image", "pass")
    first = {kind: export(page, kind) for kind in ("tsv", "json", "yml")}
    page.reload()
    assert page.locator("#rating-list li").count() == 2
    for kind in ("tsv", "json"):
        page.evaluate("localStorage.clear()")
        page.reload()
        assert page.locator("#rating-list li").count() == 0
        path = tmp_path / f"ratings.{kind}"
        path.write_text(first[kind], encoding="utf-8")
        page.set_input_files("[data-import]", path)
        page.wait_for_function("document.querySelectorAll('#rating-list li').length === 2")
        assert {k: export(page, k) for k in first} == first
    assert "FILES_SEG:\n- sub-01_desc-nerve_dseg.nii.gz\n" in first["yml"]
    row = next(r for r in json.loads(first["json"])["ratings"] if r["item"] == "nerves")
    assert (row["verdict"], row["score"], row["reasons"]) == ("fail", 2, ["path_wrong_L"])
    assert watched.errors == []


def test_rating_of_a_changed_result_is_marked_stale(watched, report):
    page = watched.page
    page.goto(report)
    rate(page)
    page.evaluate(
        "() => { const k = Object.keys(localStorage).find(k => k.includes('ratings/'));"
        'const old = /"mask_sha256":"../, now = \'"mask_sha256":"00\';'
        "localStorage.setItem(k, localStorage.getItem(k).replace(old, now)); }"
    )
    page.reload()
    assert "stale: the result has changed since" in page.locator("#rating-list").inner_text()


@pytest.mark.parametrize("mirrored", [False, True])
def test_blinded_reading_hides_sides_and_exports_the_patients(watched, report, mirrored):
    page = watched.page
    page.goto(report)
    page.evaluate(f"localStorage.setItem('plexus-mri/mirrored/sub-01/', '{int(mirrored)}')")
    page.check("#blind-reading")
    assert not page.locator("#verdict").is_visible()
    assert not page.locator("#figure-nerves_projection").is_visible()
    assert page.locator("#blind").is_visible()
    flipped = "getComputedStyle(document.querySelector('#blind img')).transform"
    assert page.evaluate(flipped).startswith("matrix(-1") == mirrored
    text = page.locator("#rating").inner_text()
    assert ", patient's" not in text
    page.fill("#rater", "CD")
    form = page.locator("form[data-item='nerves']")
    form.locator("input[value='fail']").check()
    # The picture's left is the patient's right, unless the picture is mirrored.
    form.get_by_label("nerve not found, on the picture's left").check()
    form.locator("button[type='submit']").click()
    row = json.loads(export(page, "json"))["ratings"][0]
    assert row["blinded"] is True
    assert row["reasons"] == ["nerve_missing_L" if mirrored else "nerve_missing_R"]


def test_folded_tables_are_opened_for_printing(watched, report):
    page = watched.page
    page.goto(report)
    assert page.locator("details[open]").count() == 0
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    assert page.locator("details:not([open])").count() == 0
    assert page.locator("#tables table").first.is_visible()


@pytest.mark.parametrize("page_name", ["report", "index"])
def test_printed_tables_keep_the_heads_of_their_columns(watched, report, folder, page_name):
    page = watched.page
    page.goto(report if page_name == "report" else (folder / "index.html").as_uri())
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    page.emulate_media(media="print")
    heads = page.locator("table.sortable thead th").all_inner_texts()
    assert heads
    assert all(text.strip() for text in heads)
    assert not page.locator("button:not(.sort)").first.is_visible()
    assert page.locator(".filters:visible").count() == 0


def rows_of(page):
    return json.loads(export(page, "json"))["ratings"]


def test_blinded_page_says_no_side_and_mixes_no_answers(watched, report):
    page = watched.page
    page.goto(report)
    page.evaluate("localStorage.setItem('plexus-mri/mirrored/sub-01/', '1')")
    rate(page)  # open: nerves fail, path_wrong_L
    page.keyboard.press("b")
    assert page.locator("form[data-item='nerves'] input:checked").count() == 0
    assert page.locator("#rating-list li").count() == 0
    shown = page.locator("body").inner_text()
    assert "patient's right" not in shown
    assert "pictures may be mirrored" in shown
    rate(page)
    # Mirrored: the patient's left lies on the picture's left.
    said = page.locator("#rating-list").inner_text()
    assert "path leaves the nerve, on the picture's left" in said
    assert "_L" not in said
    assert sorted(row["blinded"] for row in rows_of(page)) == [False, True]
    page.keyboard.press("b")
    assert page.locator("#rating-list li").count() == 2


def row_like(page, **changes):
    """A sound rating of the page's case, with changes."""
    case = page.evaluate("JSON.parse(document.getElementById('rated-case').textContent)")
    row = dict.fromkeys(page.evaluate("window.plexusRatings.columns"))
    return {**row, **case, "item": "nerves", "rater": "AB", "verdict": "fail",
            "blinded": False, **changes}  # fmt: skip


def read_file(page, path, content):
    path.write_text(content, encoding="utf-8")
    page.set_input_files("[data-import]", path)
    page.wait_for_function(
        "name => document.getElementById('rating-says').textContent.startsWith(name)",
        arg=path.name,
    )
    return page.locator("#rating-says").inner_text()


def test_only_ratings_of_the_pages_cases_are_read_from_a_file(watched, report, tmp_path):
    page = watched.page
    page.goto(report)
    rows = [
        row_like(page),
        row_like(page, rater="CD", image_sha256="f" * 64),
        row_like(page, verdict="maybe"),
        row_like(page, item="foo"),
        row_like(page, participant_id="sub-77"),
    ]
    said = read_file(page, tmp_path / "mixed.json", json.dumps({"ratings": rows}))
    assert "2 ratings read; 3 refused" in said
    assert "row 3: verdict “maybe” is none of pass, artifact, fail" in said
    assert "row 5: case “sub-77” is not on this page" in said
    assert page.locator("#rating-list li").count() == 2
    assert "stale" in page.locator("#rating-list li", has_text="by CD").inner_text()
    # The stale fail is no fail of the present result.
    assert export(page, "yml") == "FILES_SEG:\n- sub-01_desc-nerve_dseg.nii.gz\n"


@pytest.mark.parametrize(
    ("content", "words"), [("", "it is empty"), ("{", "it is no JSON"), ("a\tb\n", "first line")]
)
def test_a_file_without_ratings_is_refused_in_words(watched, report, tmp_path, content, words):
    watched.page.goto(report)
    said = read_file(watched.page, tmp_path / "odd.tsv", content)
    assert "holds no ratings" in said
    assert words in said


def test_served_pages_show_the_ratings_of_the_study(browser, folder, tmp_path, report):
    out = tmp_path / "out"
    shutil.copytree(folder, out)
    context = browser.new_context()
    page = context.new_page()
    page.goto(report)
    content = json.dumps({"ratings": [row_like(page, rater="Elsewhere")]})
    add_ratings(out, ratings_from_json(content.encode(), "row"))
    server = open_server(out)
    thread = threading.Thread(target=server.serve)
    thread.start()
    for name, place in (("sub-01.html", "#rating-list"), ("index.html", "#table")):
        page.goto(server.address.replace("index.html", name))
        page.locator(place, has_text="Elsewhere").wait_for()
    server.stop()
    thread.join()
    context.close()
