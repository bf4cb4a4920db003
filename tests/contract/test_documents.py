"""Pages and lock files keep up with the code."""

import re

from plexus_mri.core.caveats import CAVEATS
from plexus_mri.core.measurement import Quantity
from plexus_mri.reasons import ReasonCode


def test_every_reason_code_is_documented(project):
    page = (project / "docs" / "conventions.md").read_text(encoding="utf-8")
    assert [code.value for code in ReasonCode if code.value not in page] == []


def test_every_quantity_is_in_the_readme(project):
    page = (project / "README.md").read_text(encoding="utf-8")
    assert [q.value for q in Quantity if f"`{q.value}`" not in page] == []


def test_the_readme_carries_the_caveats_and_the_markers_that_scripts_fill(project):
    page = " ".join((project / "README.md").read_text(encoding="utf-8").split())
    for sentence in CAVEATS:
        assert sentence.rstrip(".") in page
    for name in ("accuracy", "bench"):
        assert f"<!-- {name} -->" in page
        assert f"<!-- /{name} -->" in page


def test_every_exit_code_is_in_the_readme(project):
    page = (project / "README.md").read_text(encoding="utf-8")
    assert [code for code in (0, 1, 2, 3, 4, 5, 6, 130) if f"| {code} |" not in page] == []


def test_lock_files_hold_hashes_and_no_address(project):
    for name in ("requirements.lock", "requirements-dev.lock", "requirements-bench.lock"):
        text = (project / name).read_text(encoding="utf-8")
        assert "://" not in text
        pins = re.findall(r"^[\w.-]+(?:\[[\w,-]+\])?==", text, flags=re.MULTILINE)
        assert len(pins) > 10
        assert text.count("--hash=sha256:") >= len(pins)


def test_decisions_that_are_cited_exist(project):
    pages = {int(path.name[:4]) for path in (project / "docs" / "adr").glob("[0-9]*.md")}
    cited = {
        int(number)
        for path in (project / "plexus_mri").rglob("*.py")
        for number in re.findall(r"ADR-(\d+)", path.read_text(encoding="utf-8"))
    }
    assert sorted(cited - pages) == []


def test_the_changelog_has_a_line_for_numbers_that_change(project):
    text = (project / "CHANGELOG.md").read_text(encoding="utf-8")
    unreleased = text.split("## [")[1]
    assert "**Numbers change**" in unreleased
