"""Every output of a case, read: no grade of severity, no diagnosis, both statements."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from plexus_mri.batch.case_job import CaseJob
from plexus_mri.batch.case_process import write_result
from plexus_mri.batch.status import CaseState, CaseStatus
from plexus_mri.batch.study_files import write_study_files
from plexus_mri.core.caveats import CAVEATS
from plexus_mri.io.derivatives import write_dataset_files
from plexus_mri.io.reference import read_norms
from plexus_mri.io.series_row import SeriesRow
from plexus_mri.report.context import context_facts, read_context
from plexus_mri.settings import Settings
from tests.unit.report.conftest import make_result

CONTEXT = "context"
# A disease by name or by what every name of one ends in; nerves are roots, trunks and cords.
DISEASE = re.compile(
    r"\b(mmn|cidp|als|mnd|madsam|lewis|parsonage|thoracic outlet|cervical rib|entrap\w*)\b"
    r"|sclerosis|neuropath|plexopath|radiculopath|amyotroph|motor neuron|demyelinat|neuritis"
    r"|tumou?r|schwannoma|neurofibroma|syndrome|\bpalsy|\binjur"
)
GRADE = re.compile(
    r"\b(mild|moderate|severe|severity|grade|grading|advanced|stage [1-4iv]+)(ly)?\b"
    r"|abnormal|patholog|diagnos|\blesion|\bdisease|\bill\b"
)
# What holds no result of a case: what the folder is, which series there were, names of labels.
NO_RESULT = {"dataset_description.json", "inventory.json", "group_excluded.json"}


class Visible(HTMLParser):
    """All words of a page but those within the element of the literature, and those within."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.outside: list[str] = []
        self.context: list[str] = []
        self._depth, self._code = 0, False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "div":
            self._depth += 1 if self._depth or given.get("id") == CONTEXT else 0
        # "program" is the viewer's library, kept as text until the reader starts it.
        code = "type" not in given or given.get("id") == "program"
        self._code = tag == "style" or (tag == "script" and code)
        said = [given.get(name) or "" for name in ("alt", "title", "aria-label", "content")]
        self._words.extend(said)

    def handle_endtag(self, tag: str) -> None:
        self._depth -= 1 if tag == "div" and self._depth else 0
        self._code = False

    def handle_data(self, data: str) -> None:
        if not self._code:
            self._words.append(data)

    @property
    def _words(self) -> list[str]:
        return self.context if self._depth else self.outside


@pytest.fixture(scope="module")
def outputs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Everything that is written of a case with a swollen nerve and a missing one."""
    out = tmp_path_factory.mktemp("outputs")
    measured = make_result(2.0)
    norms = read_norms().for_contrast(measured.case.series.contrast)
    measured = replace(measured, case=replace(measured.case, norms=norms))
    row = SeriesRow(
        1, "01", None, "STIR", "coronal", (1, 1, 1), (1.0, 1.0, 1.0), 1, chosen=True, rule="r",
        reason=None, detail="", source="",
    )  # fmt: skip
    write_dataset_files(out, version="1")
    write_result(measured, CaseJob("01", None, row, out, Settings()))
    write_study_files(out, [CaseStatus("01", None, CaseState.FINISHED, step="report")])
    return out


def said(path: Path) -> tuple[str, str]:
    """What a file says in words, and what it says in the table of the literature."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".html":
        page = Visible(text)
        return _plain(page.outside), _plain(page.context)
    if path.name.endswith("summary_report.json"):
        content = json.loads(text)
        literature = json.dumps(content.pop(CONTEXT), ensure_ascii=False)
        return _plain([json.dumps(content, ensure_ascii=False)]), _plain([literature])
    return _plain([text]), ""


def _plain(words: list[str]) -> str:
    """One line in lower case without the two statements that every output makes."""
    line = " ".join(" ".join(words).split())
    for sentence in CAVEATS:
        line = line.replace(sentence, "")
    return line.lower()


def texts(out: Path) -> Iterator[Path]:
    for path in sorted(out.rglob("*")):
        if path.suffix in {".tsv", ".json", ".html", ".svg", ".yaml", ".txt"}:
            yield path


def test_all_kinds_of_output_are_read(outputs: Path) -> None:
    names = {path.name for path in texts(outputs)}
    assert {
        "index.html", "sub-01.html", "group_measures.tsv", "group_asymmetry.tsv",
        "group_asymmetry.json", "sub-01_desc-nerve_measures.tsv",
        "sub-01_desc-profile_measures.tsv", "sub-01_desc-asymmetry_measures.tsv",
        "sub-01_desc-summary_report.json", "sub-01_desc-settings_recipe.yaml",
    } <= names  # fmt: skip
    unread = {p.suffix for p in outputs.rglob("*") if p.is_file()} - {
        p.suffix for p in texts(outputs)
    }
    assert unread <= {".gz", ".webp", ".png", ".jpg", ".bidsignore", "", ".lock", ".bin"}


def test_what_is_looked_for_would_be_found(outputs: Path) -> None:
    named = [f.name for f in read_context().findings if not f.name.startswith("Healthy")]
    assert [name for name in named if not DISEASE.search(name.lower())] == []
    assert [name for name in read_context().not_covered if not DISEASE.search(name)] == []
    assert GRADE.search(" ".join(f.text for f in read_context().findings)).group() == "abnormal"
    assert "l larger in the c6 root" in said(outputs / "sub-01.html")[0]
    assert "l larger in the c6 root" in said(outputs / "index.html")[0]


def test_no_output_grades_severity_or_states_a_diagnosis(outputs: Path) -> None:
    found = {
        path.name: match.group()
        for path in texts(outputs)
        for match in [GRADE.search(said(path)[0])]
        if match
    }
    assert found == {}


def test_diseases_are_named_in_the_table_of_the_literature_alone(outputs: Path) -> None:
    outside = {
        path.name: match.group()
        for path in texts(outputs)
        for match in [DISEASE.search(said(path)[0])]
        if match
    }
    assert outside == {}
    for name in ("sub-01.html", "sub-01/anat/sub-01_desc-summary_report.json"):
        literature = said(outputs / name)[1]
        assert all(finding.name.lower() in literature for finding in read_context().findings)


def test_every_page_and_every_json_with_results_carries_both_statements(outputs: Path) -> None:
    carriers = [
        path
        for path in texts(outputs)
        if path.suffix in {".html", ".json"}
        and path.name not in NO_RESULT
        and "dseg" not in path.name
        and path.parent.name != ".plexus-mri"
        and ".plexus-mri" not in path.parts
    ]
    assert len(carriers) >= 8
    without = [
        (path.name, sentence)
        for path in carriers
        for sentence in CAVEATS
        if sentence not in " ".join(path.read_text(encoding="utf-8").split())
    ]
    assert without == []


def test_the_literature_says_the_same_of_every_case(outputs: Path) -> None:
    """Only where a pattern is shown differs: what it is also seen in does not."""
    path = outputs / "sub-01/anat/sub-01_desc-summary_report.json"
    groups = json.loads(path.read_text(encoding="utf-8"))[CONTEXT]["patterns"]
    names = [[row["name"] for row in group["also_seen_in"]] for group in groups]
    assert names == [sorted(group) for group in names]
    assert [_without_case(group) for group in groups] == [
        _without_case(group) for group in context_facts(())["patterns"]
    ]


def _without_case(group: Mapping[str, object]) -> dict[str, object]:
    return {key: value for key, value in group.items() if key != "shown_here"}
