"""The report as data: complete, repeatable, plain, and silent about what it must not say."""

import json
from dataclasses import replace

import numpy as np
import pytest

from plexus_mri.core.anatomy import NERVE_KEYS, Nerve, Side
from plexus_mri.core.case import CaseResult, OwnMask
from plexus_mri.core.caveats import CAVEATS
from plexus_mri.core.comparison import Verdict
from plexus_mri.core.correction import Correction
from plexus_mri.core.landmarks import StatedLevel, StatedLevels
from plexus_mri.core.measurement import MeasurementTable, Quantity
from plexus_mri.core.muscle import MuscleTable
from plexus_mri.core.network import NetworkLibrary, NetworkModel
from plexus_mri.core.norms import Modality, Norm, Norms, NormSource
from plexus_mri.core.reference import ReferenceTissue
from plexus_mri.core.taper import Taper
from plexus_mri.io.reference import read_norms
from plexus_mri.reasons import ReasonCode
from plexus_mri.report.model import Json, build_report, plain, report_to_json

SETTINGS = {"preprocess": {"correct_bias": True}, "asymmetry": {"family_error_percent": 5.0}}
SOFTWARE = {"plexus-mri": "0.1.0", "numpy": "2.3.5"}
TURNED = {
    Verdict.LEFT_LARGER: Verdict.RIGHT_LARGER,
    Verdict.RIGHT_LARGER: Verdict.LEFT_LARGER,
}
KEYS = {
    "schema_version", "subject", "session", "inputs", "side_proof", "registration",
    "segmentation", "quality", "nerves", "asymmetry", "caveats", "settings", "software",
    "warnings", "figures", "verdict", "methods", "norms", "context", "pooled", "taper",
    "muscles", "reference",
}  # fmt: skip


def summary_of(result: CaseResult, settings: dict[str, object] | None = None) -> dict[str, Json]:
    report = build_report(result, settings=settings or SETTINGS, software=SOFTWARE)
    return report_to_json(report)


def with_norms(result: CaseResult, norms: Norms) -> CaseResult:
    norms = norms.for_contrast(result.case.series.contrast)
    return replace(result, case=replace(result.case, norms=norms))


def test_summary_has_every_key(result: CaseResult) -> None:
    assert set(summary_of(result)) == KEYS


@pytest.mark.parametrize("case", ["result", "no_frame", "no_nerves", "right_only"])
def test_summary_is_strict_json_with_both_caveats(
    case: str, request: pytest.FixtureRequest
) -> None:
    summary = summary_of(request.getfixturevalue(case))
    assert json.loads(json.dumps(summary, allow_nan=False)) == summary
    assert summary["caveats"] == list(CAVEATS)


def test_same_result_gives_the_same_bytes_whatever_the_stages_took(result: CaseResult) -> None:
    slower = replace(result, stage_seconds={"trace": 99.0})
    assert json.dumps(summary_of(result)) == json.dumps(summary_of(slower))


def test_every_nerve_is_there_and_the_missing_one_has_its_reason(result: CaseResult) -> None:
    rows = summary_of(result)["nerves"]
    assert isinstance(rows, list)
    assert len(rows) == len(NERVE_KEYS)
    lost = [row for row in rows if not row["traced"]]
    assert [(row["words"], row["reason"]) for row in lost] == [
        ("right T1 root", ReasonCode.NERVE_NOT_FOUND.value)
    ]


def test_a_course_of_a_side_is_told_with_its_interval_and_without_a_norm(
    result: CaseResult,
) -> None:
    one = Taper(Nerve.C6, Side.LEFT, 8.0, 25.0, 12.34, 4.0, 21.0, 1.2345, 1.08, 1.41)
    lost = Taper(Nerve.C6, Side.RIGHT, reason=ReasonCode.TOO_SHORT)
    told, without = summary_of(replace(result, tapers=(one, lost)))["taper"]
    assert (told["taper_printed"], told["interval_printed"]) == ("12", "4 to 21")
    assert (told["ratio_printed"], told["ratio_interval_printed"]) == ("1.23", "1.08 to 1.41")
    assert (told["trend_words"], told["within_words"]) == ("wider distally", "no norm for MRI")
    assert (without["taper_printed"], without["reason"]) == ("", "TOO_SHORT")


def test_muscles_stand_apart_with_their_difference_and_interval(result: CaseResult) -> None:
    summary = summary_of(result)
    bright, lost = summary["muscles"]
    assert (bright["left_printed"], bright["right_printed"]) == ("1.49 (1.5 ml)", "1.01 (1.5 ml)")
    assert (bright["difference_printed"], bright["interval_printed"]) == ("38", "27 to 49")
    assert (bright["verdict_words"], bright["reason"]) == ("L brighter", None)
    assert lost["reason_text"] == (
        "The muscle was sampled on one side only, or at no place that both sides have. "
        "Left: The muscle is outside the field of view on this side."
    )
    without = summary_of(replace(result, muscles=MuscleTable()))
    for section in ("verdict", "nerves", "asymmetry", "pooled", "warnings"):
        assert summary[section] == without[section]


def test_a_reference_of_one_side_is_told(result: CaseResult) -> None:
    unequal = replace(result.table.reference, left_right_ratio=1.46, taken_from=Side.RIGHT)
    facts = summary_of(replace(result, table=replace(result.table, reference=unequal)))[
        "reference"
    ]
    assert (facts["reason"], facts["taken_from"]) == ("REFERENCE_UNEQUAL", "R")
    assert "Its sides differ (left over right 1.46)" in facts["sentence"]
    assert "darker side, the right, serves both" in facts["sentence"]


def test_without_reference_muscle_the_report_says_so(result: CaseResult) -> None:
    table = replace(result.table, reference=ReferenceTissue.none())
    facts = summary_of(replace(result, table=table))["reference"]
    assert (facts["reason"], facts["sentence"]) == ("NO_REFERENCE", ReasonCode.NO_REFERENCE.text)


def test_without_nerves_no_reference_muscle_is_called_missing(result: CaseResult) -> None:
    facts = summary_of(replace(result, table=MeasurementTable(())))["reference"]
    assert (facts["reason"], facts["marrow_reason"], facts["marrow"]) == (None, None, "")
    assert "not looked for" in facts["sentence"]


def test_headline_names_side_and_nerve(result: CaseResult) -> None:
    verdict = summary_of(result)["verdict"]
    assert verdict["headline"][0] == (
        "Size: 10 of 11 nerve pairs could be compared: L larger in the C6 root; "
        "no difference shown in 9."
    )
    assert len(verdict["rows"]) == len(Nerve)


def test_mirrored_case_has_the_sides_of_its_verdict_swapped(result: CaseResult) -> None:
    swapped = replace(
        result,
        asymmetry=tuple(
            replace(
                c,
                left=c.right,
                right=c.left,
                asymmetry_percent=None if c.asymmetry_percent is None else -c.asymmetry_percent,
                ci_low=None if c.ci_high is None else -c.ci_high,
                ci_high=None if c.ci_low is None else -c.ci_low,
                verdict=TURNED.get(c.verdict, c.verdict),
            )
            for c in result.asymmetry
        ),
    )
    one, other = (summary_of(r)["verdict"]["findings"] for r in (result, swapped))
    assert [line.replace(" L larger", " R larger") for line in one] == other


def test_methods_tell_whether_the_bias_field_was_corrected(result: CaseResult) -> None:
    on = summary_of(result)["methods"]
    off = summary_of(result, {"preprocess": {"correct_bias": False}})["methods"]
    assert "muscle, told from" in " ".join(on["paragraphs"])
    assert any("Wells" in source for source in on["references"])
    assert "not corrected" in " ".join(off["paragraphs"])
    assert not any("Wells" in source for source in off["references"])


@pytest.mark.parametrize(
    ("anew", "said"),
    [
        (1.0, "took the place of the first"),
        (0.4, "40 % of what it changes was taken"),
        (0.0, "the first field was kept"),
        (None, "told from darker and brighter tissue"),
    ],
)
def test_methods_tell_how_much_of_the_field_was_fitted_anew(
    result: CaseResult, anew: float | None, said: str
) -> None:
    even = replace(result.even, anew=anew, shading_error=0.034)
    text = " ".join(summary_of(replace(result, even=even))["methods"]["paragraphs"])
    assert said in text
    assert "known to ±3 %" in text
    assert ("Gaussian process" in text) == (anew is not None)


def test_methods_tell_of_an_own_mask(result: CaseResult) -> None:
    mask = OwnMask(result.labels, {1: NERVE_KEYS[0]})
    own = replace(result, case=replace(result.case, own_mask=mask))
    text = " ".join(summary_of(own)["methods"]["paragraphs"])
    assert "user's own mask (1 labels)" in text
    assert "minimal paths" not in text


def test_summary_and_methods_name_the_network(result: CaseResult) -> None:
    digest = "ab" * 32
    labels = {1: NERVE_KEYS[0], 2: NERVE_KEYS[1], 3: NERVE_KEYS[0], 4: None}
    files = {"net.onnx": "cd" * 32}
    model = NetworkModel("roots", "2026-07", NetworkLibrary.ONNX, (), labels, digest, files)
    found = replace(result, case=replace(result.case, model=model))
    summary = summary_of(found)
    assert summary["segmentation"]["method"] == "the network roots 2026-07"
    assert summary["segmentation"]["model"]["sha256"] == digest
    assert summary["segmentation"]["model"]["files"] == files
    assert len(summary["segmentation"]["model"]["nerves"]) == 2
    text = " ".join(summary["methods"]["paragraphs"])
    assert f"found by the network roots 2026-07 (SHA-256 {digest}), run by ONNX Runtime" in text
    assert "without learned weights" not in text


def test_summary_and_methods_name_the_rater_of_a_correction(result: CaseResult) -> None:
    made = Correction("01", None, "R1", "2026-01-02T03:04:05Z", *"ieam", "", (NERVE_KEYS[0],))
    mask = OwnMask(result.labels, {1: NERVE_KEYS[0]}, made)
    summary = summary_of(replace(result, case=replace(result.case, own_mask=mask)))
    assert summary["segmentation"]["method"] == "correction by rater R1 of 2026-01-02"
    assert summary["segmentation"]["correction"]["edited_sha256"] == "e"
    text = " ".join(summary["methods"]["paragraphs"])
    assert "taken from a correction by rater R1 of 2026-01-02" in text
    assert "(left C5 root)" in text
    assert "own mask" not in text


def test_summary_and_methods_say_that_the_user_stated_the_levels(result: CaseResult) -> None:
    place = StatedLevel(Nerve.C6, np.array([14.0, 7.0, 33.5]), Side.RIGHT)
    case = replace(result.case, stated=StatedLevels("l.tsv", (place,)))
    summary = summary_of(replace(result, case=case))
    levels = summary["segmentation"]["levels"]
    place_mm = {"x_mm": 14.0, "y_mm": 7.0, "z_mm": 33.5}
    assert levels["stated"] == [{"nerve": "C6", "side": "R", **place_mm}]
    words = "levels stated by the user, by places (C6)"
    assert words in " ".join(summary["methods"]["paragraphs"])
    drawn = replace(case, own_mask=OwnMask(result.labels, {1: NERVE_KEYS[0]}))
    for without in (replace(result, case=drawn), result):
        assert summary_of(without)["segmentation"]["levels"] is None


def test_methods_of_a_case_without_midline_tell_of_no_step_after_it(no_frame: CaseResult) -> None:
    text = " ".join(summary_of(no_frame)["methods"]["paragraphs"])
    assert "No midline was found" in text
    assert "ellipse" not in text
    assert "Holm" not in text


def test_no_norm_is_applied_and_the_ultrasound_background_is_called_so(
    result: CaseResult,
) -> None:
    summary = summary_of(with_norms(result, read_norms()))
    norms = summary["norms"]
    assert norms["applied"] is False
    assert norms["rows"] == []
    assert "not an MRI norm" in " ".join(norms["paragraphs"])
    assert {row["modality"] for row in norms["background"]} == {"ultrasound", "histology"}
    assert {row["within_healthy_range"] for row in summary["asymmetry"]} == {"no_norm"}
    assert {row["within_words"] for row in summary["asymmetry"]} == {"no norm for MRI"}
    assert summary["verdict"]["healthy"] == "Healthy range: no norm for MRI."


def test_own_controls_answer_for_their_nerve_and_quantity_alone(result: CaseResult) -> None:
    source = NormSource("Ours", "Own, 2026", Modality.MRI, "m", "p", ("STIR",))
    own = Norm(Nerve.C6, Quantity.CSA_MEAN, 40, source, 13.0, 1.0, 8.0, 6.0)
    summary = summary_of(with_norms(result, Norms((own,))))
    assert summary["norms"]["applied"] is True
    assert summary["norms"]["references"] == ["Own, 2026"]
    assert summary["verdict"]["healthy"] == (
        "Healthy range: 0 differences within, 1 outside, no norm for the others."
    )
    asked = [r for r in summary["asymmetry"] if r["within_healthy_range"] != "no_norm"]
    assert [(r["nerve"], r["quantity"], r["within_words"]) for r in asked] == [
        ("C6", "csa_mean_mm2", "outside")  # swollen on the left
    ]
    values = {
        (nerve["words"], m["within_healthy_range"])
        for nerve in summary["nerves"]
        for m in nerve["measurements"]
        if m["within_healthy_range"] != "no_norm"
    }
    assert values == {("left C6 root", "no"), ("right C6 root", "yes")}


def test_warning_says_its_code_in_words(result: CaseResult) -> None:
    (warning,) = summary_of(result)["warnings"]
    assert warning["reason"] == "LEVEL_DOUBT"
    assert ReasonCode.LEVEL_DOUBT.text in warning["words"]


def test_numbers_are_finite_and_cut_to_six_digits() -> None:
    values = {"a": np.float32(0.123456789), "b": np.nan, "c": np.array([1, 2])}
    assert plain(values) == {"a": 0.123457, "b": None, "c": [1, 2]}
