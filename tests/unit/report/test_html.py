"""Pages: self-contained, escaped, with the caveats, and made from stored data alone."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from html.parser import HTMLParser

import jinja2
import pytest

from plexus_mri.core.anatomy import Nerve, Side
from plexus_mri.core.case import CaseResult
from plexus_mri.core.caveats import CAVEATS, POOR_CORRELATION
from plexus_mri.core.measurement import Measurement, Quantity
from plexus_mri.reasons import ReasonCode
from plexus_mri.report.canvas import Figure, file_name
from plexus_mri.report.html import figures_from_store, render_html
from plexus_mri.report.index_page import index_entry, render_index
from plexus_mri.report.model import build_report, report_to_json

SETTINGS = {"preprocess": {"correct_bias": True}, "asymmetry": {"family_error_percent": 5.0}}
NO_MASK = ReasonCode.MASK_NONE
CASES = ["result", "no_frame", "no_nerves", "right_only"]
Figures = Mapping[str, Figure]
Drawn = Mapping[str, Figures]
Stored = tuple[dict[str, object], dict[str, Figure]]


class Tags(HTMLParser):
    """Collects every tag with its attributes, and the visible text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.words: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))

    def handle_data(self, data: str) -> None:
        if self.lasttag not in {"script", "style"}:
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


def stored(result: CaseResult, figures: Figures) -> Stored:
    """Summary and figures as they come back from disk."""
    report = build_report(result, settings=SETTINGS, software={"numpy": "2"}, figures=figures)
    summary = json.loads(json.dumps(report_to_json(report)))
    files = {file_name(name, f.mime): f.bytes for name, f in figures.items()}
    return summary, dict(figures_from_store(summary, files.__getitem__))


def entry_of(stored: Stored) -> dict[str, object]:
    """Row of the study's page of a finished case."""
    thumbnail = stored[1].get("thumbnail")
    return dict(index_entry(stored[0], thumbnail, state="finished", link="sub-01.html"))


@pytest.fixture(scope="session")
def pages(request: pytest.FixtureRequest, drawn: Drawn) -> dict[str, str]:
    return {
        name: render_html(*stored(request.getfixturevalue(name), drawn[name])) for name in CASES
    }


@pytest.fixture(scope="session")
def full(result: CaseResult, drawn: Drawn) -> Stored:
    return stored(result, drawn["result"])


def addresses(page: str) -> Iterator[str]:
    """Everything a browser would fetch or follow."""
    for tag, attributes in Tags(page).tags:
        for name in ("src", "href", "srcset", "action", "poster", "data", "xlink:href"):
            if name in attributes:
                yield f"{tag} {attributes[name]}"


@pytest.mark.parametrize("case", CASES)
def test_page_has_no_outside_address(case: str, pages: dict[str, str]) -> None:
    found = [a for a in addresses(pages[case]) if not re.match(r"\w+ (data:|#\w|index\.html$)", a)]
    assert found == []
    for forbidden in ("http:", "https:", "//www", "url(", "@import"):
        assert forbidden not in pages[case]


@pytest.mark.parametrize("case", CASES)
def test_page_carries_both_caveats_and_no_other_word_of_the_kind(
    case: str, pages: dict[str, str]
) -> None:
    # What the literature says stands apart, and is read in tests/integration/test_no_diagnosis.py.
    own = re.sub(r'<div id="context">.*?</div>\n</section>', "", pages[case], flags=re.DOTALL)
    assert own != pages[case]
    text = Tags(own).text
    for sentence in CAVEATS:
        assert sentence in text
    rest = text.replace(POOR_CORRELATION, "").lower()
    for word in ("abnormal", "severity", "severe", "diagnos", "pathologic", "lesion"):
        assert word not in rest


@pytest.mark.parametrize("case", CASES)
def test_every_picture_has_words_and_the_page_stays_small(
    case: str, pages: dict[str, str]
) -> None:
    images = [attributes for tag, attributes in Tags(pages[case]).tags if tag == "img"]
    assert images
    assert all(image["alt"] for image in images)
    assert len(pages[case]) < 2_000_000


def test_sections_stand_in_the_agreed_order(pages: dict[str, str]) -> None:
    headings = re.findall(r"<h2>(\d+) ", pages["result"])
    assert headings == [str(k) for k in range(1, 12)]


def test_verdict_box_has_interval_and_smallest_detectable_difference(
    pages: dict[str, str],
) -> None:
    text = Tags(pages["result"]).text
    assert re.search(
        r"L larger by \d+ % \(95 % interval \d+ to \d+ %; smallest detectable 9 %\)", text
    )


def test_nerve_that_was_not_found_is_named_with_its_reason(pages: dict[str, str]) -> None:
    text = Tags(pages["result"]).text
    assert "right T1 root: The nerve could not be found with confidence." in text
    assert "NERVE_NOT_FOUND" in text


def test_a_traced_nerve_stands_with_its_confidence_and_what_lowers_it(
    result: CaseResult, drawn: Drawn
) -> None:
    key = (Side.LEFT, Nerve.C6)
    doubted = replace(
        result.nerves[key],
        confidence=0.45,
        evidence={"support": 1.0, "both_sides": 0.45},
        reasons=(ReasonCode.LOW_CONFIDENCE,),
    )
    nerves = replace(result.nerves, nerves={**result.nerves.nerves, key: doubted})
    text = Tags(render_html(*stored(replace(result, nerves=nerves), drawn["result"]))).text
    row = "left C6 root L 0.45 lies as its twin on the other side does 0.45 "
    assert row + ReasonCode.LOW_CONFIDENCE.text in text


def test_area_of_a_mask_is_listed_for_the_nerves_that_were_drawn(
    result: CaseResult, drawn: Drawn
) -> None:
    rows = (
        Measurement(Nerve.C5, Side.LEFT, Quantity.CSA_MASK_MEAN, 12.5),
        Measurement(Nerve.C6, Side.LEFT, Quantity.CSA_MASK_MEAN, None, reason=NO_MASK),
    )
    table = replace(result.table, measurements=(*result.table.measurements, *rows))
    text = Tags(render_html(*stored(replace(result, table=table), drawn["result"]))).text
    # C5, and the right T1 that was not found at all.
    assert text.count("mean area of the mask's label") == 2
    assert "12.5 (precision unknown) mm²" in text


def test_nerves_together_have_the_effect_first_and_the_chance_last(pages: dict[str, str]) -> None:
    text = Tags(pages["result"]).text
    assert "roots mean area C5, C6 12 4 to 21 below 0.001 0.0033" in text
    assert "plexus mean signal ratio none The nerve was measured on one side only." in text


def test_side_convention_is_said_in_words(pages: dict[str, str]) -> None:
    assert "the patient's right (R) is on the left of the picture" in Tags(pages["result"]).text


def test_without_midline_the_page_says_that_no_side_is_proven(pages: dict[str, str]) -> None:
    text = Tags(pages["no_frame"]).text
    assert "No midline was found, so no side is proven and nothing was compared." in text
    assert "0 of 11 nerve pairs could be compared" in text
    assert "No nerve was measured, so there is no profile." in text


def test_one_sided_case_says_which_side_is_outside_the_view(pages: dict[str, str]) -> None:
    text = Tags(pages["right_only"]).text
    assert "0 on the left" in text
    assert ReasonCode.COVERAGE_LEFT.text in text


def test_page_reads_without_scripts(pages: dict[str, str]) -> None:
    bare = re.sub(r"<script[^>]*>.*?</script>", "", pages["result"], flags=re.DOTALL)
    assert Tags(bare).text == Tags(pages["result"]).text
    assert 'id="overlay"' in bare
    assert "#overlay:not(:checked)" in bare


def test_every_layer_lies_on_its_picture(full: Stored) -> None:
    page = render_html(*full)
    layers = sum(bool(figure.overlay_of) for figure in full[1].values())
    assert page.count('class="overlay"') == layers > 0


def test_words_of_the_input_are_escaped(result: CaseResult, drawn: Drawn) -> None:
    evil = "<script>alert(1)</script>"
    series = replace(result.case.series, contrast=evil, rule=evil)
    case = replace(result.case, subject=evil, session=evil, series=series)
    summary, figures = stored(replace(result, case=case), drawn["result"])
    entry = entry_of((summary, figures))
    for page in (render_html(summary, figures), render_index([{**entry, "reason": evil}])):
        assert evil not in page
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
        scripts = [a for tag, a in Tags(page).tags if tag == "script"]
        assert sum("type" not in a for a in scripts) == 5  # ours, each named by its hash
        assert page.count("sha256-") == 6  # five scripts and the style


def test_page_from_the_store_is_the_page_first_made(result: CaseResult, drawn: Drawn) -> None:
    figures = drawn["result"]
    report = build_report(result, settings=SETTINGS, software={"numpy": "2"}, figures=figures)
    summary, again = stored(result, figures)
    assert render_html(report_to_json(report), figures) == render_html(summary, again)


def test_summary_that_lacks_a_part_is_refused(full: Stored) -> None:
    summary = {key: value for key, value in full[0].items() if key != "side_proof"}
    with pytest.raises(jinja2.UndefinedError, match="side_proof"):
        render_html(summary, full[1])


def test_index_lists_states_reasons_findings_and_relative_links(full: Stored) -> None:
    entry = entry_of(full)
    failed = {
        "subject": "02",
        "session": None,
        "state": "refused",
        "reason": "Left and right cannot be proven from this image. (SIDE_UNPROVEN)",
    }
    page = render_index([entry, failed])
    text = Tags(page).text
    assert "2 cases, 1 finished, 1 refused." in text
    assert "L larger in the C6 root" in text
    assert "Left and right cannot be proven" in text
    assert all(sentence in text for sentence in CAVEATS)
    links = [a for a in addresses(page) if not re.match(r"\w+ (data:|#)", a)]
    assert links == ["a sub-01.html"]


def test_index_says_reasons_in_words_and_keeps_the_code_at_hand() -> None:
    row = {"subject": "02", "state": "finished", "reasons": ["SIDE_MISSING", "OF_LATER_VERSION"]}
    page = render_index([row])
    assert '<p title="SIDE_MISSING">The nerve was measured on one side only.</p>' in page
    assert '<option value="SIDE_MISSING">The nerve was measured on one side only.</option>' in page
    assert '<p title="OF_LATER_VERSION">OF_LATER_VERSION</p>' in page


def test_cutoffs_have_the_unit_of_their_value(full: Stored) -> None:
    assert "<td>at most 1.6 mm</td>" in render_html(*full)


def test_index_says_why_a_finished_case_compares_nothing(
    no_frame: CaseResult, drawn: Drawn
) -> None:
    summary, figures = stored(no_frame, drawn["no_frame"])
    page = render_index([entry_of((summary, figures))])
    assert "No spinal canal was found, so there is no midline. (MIDLINE_NOT_FOUND)" in page


def test_index_of_500_cases_stays_under_30_mb(full: Stored) -> None:
    entry = entry_of(full)
    assert len(render_index([entry] * 500)) < 30_000_000


def test_index_of_no_case_is_a_page() -> None:
    assert "0 cases" in Tags(render_index([])).text
