"""The table of the literature: cited, complete, the same for all, and no word about a case."""

from dataclasses import replace

import pytest

from plexus_mri.core.case import CaseResult
from plexus_mri.core.comparison import Pattern, Verdict
from plexus_mri.report.context import Seen, context_facts, read_context


def test_every_finding_cites_a_source_and_every_source_is_cited() -> None:
    context = read_context()
    statements = (*context.findings, context.severity, context.symmetry)
    assert all(statement.sources for statement in statements)
    assert {key for s in statements for key in s.sources} == set(context.sources)


def test_every_pattern_is_described_and_no_name_twice_in_one() -> None:
    findings = read_context().findings
    assert {finding.pattern for finding in findings} == set(Seen)
    pairs = [(finding.pattern, finding.name) for finding in findings]
    assert len(set(pairs)) == len(pairs)


@pytest.mark.parametrize("word", ["likely", "probab", "suggest", "consistent with", "typical of"])
def test_no_finding_speaks_of_chances(word: str) -> None:
    assert [f.text for f in read_context().findings if word in f.text] == []


def test_the_two_series_of_normal_and_abnormal_images_are_told() -> None:
    """Tumilovich 2024: 41.4 % of MMN normal; Staff 2015: 58 % of ALS abnormal."""
    texts = " ".join(f.text for f in read_context().findings if f.pattern is Seen.NONE)
    assert "normal in 41.4 %" in texts
    assert "abnormal in 58 %" in texts


def test_where_a_pattern_is_shown_comes_from_size_and_signal(result: CaseResult) -> None:
    shown = {g["pattern"]: g["shown_here"] for g in context_facts(result.asymmetry)["patterns"]}
    assert shown["focal"] == ["C6 root (size)", "C6 root (signal)"]
    assert shown["one_side"] == ["C6 root (size)"]
    assert shown["brightness"] == ["C6 root (signal)"]
    assert "C7 root (size)" in shown["none"]
    assert not any("T1 root (size)" in places for places in shown.values())


def test_symmetry_is_not_called_health(result: CaseResult) -> None:
    assert context_facts(result.asymmetry)["symmetry"].startswith("Symmetry is not health")


def test_nothing_comparable_says_nothing_of_symmetry(no_nerves: CaseResult) -> None:
    facts = context_facts(no_nerves.asymmetry)
    assert facts["symmetry"] is None
    assert {len(group["shown_here"]) for group in facts["patterns"]} == {0}


def test_a_stretch_beside_no_verdict_is_a_pattern_and_no_larger_side(result: CaseResult) -> None:
    rows = [
        replace(c, verdict=Verdict.NO_DIFFERENCE)
        for c in result.asymmetry
        if c.pattern is Pattern.FOCAL
    ]
    shown = {g["pattern"]: g["shown_here"] for g in context_facts(rows)["patterns"]}
    assert "C6 root (size)" in shown["focal"]
    assert shown["one_side"] == shown["none"] == []
