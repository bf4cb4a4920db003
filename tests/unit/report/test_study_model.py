"""What the study's page says of a case, and how it draws all of them."""

import json

import numpy as np
import pytest

from plexus_mri.core.anatomy import Nerve, Side
from plexus_mri.report.model import build_report, report_to_json
from plexus_mri.report.rating_form import COLUMNS, rated_case, rating_form
from plexus_mri.report.study_charts import (
    Distribution,
    GroupProfile,
    distribution_figure,
    profile_charts,
)
from plexus_mri.report.study_model import (
    SIZE,
    TRACED,
    case_metrics,
    case_reasons,
    case_verdict,
    failed_quality,
)


@pytest.fixture(scope="module")
def summary(result):
    report = build_report(result, settings={}, software={"plexus-mri": "1.2"})
    return json.loads(json.dumps(report_to_json(report)))


def test_verdict_reasons_and_quality_come_from_the_summary(summary):
    assert case_verdict(summary) == "difference"
    assert "SIDE_MISSING" in case_reasons(summary)
    outside = [row["words"] for row in summary["quality"] if row["passed"] is False]
    assert failed_quality(summary) == outside


def test_a_case_with_nothing_compared_is_not_comparable(no_frame):
    report = report_to_json(build_report(no_frame, settings={}, software={}))
    assert case_verdict(report) == "not_comparable"


def test_largest_difference_keeps_its_sign(summary):
    rows = [row["size"] for row in summary["verdict"]["rows"] if row["size"]]
    indices = [r["asymmetry_percent"] for r in rows if r["asymmetry_percent"] is not None]
    assert case_metrics(summary)[SIZE] == max(indices, key=abs) > 0
    assert case_metrics(summary)[TRACED] == summary["segmentation"]["traced"]


def test_a_rating_is_bound_to_image_and_labels(summary, result, no_nerves):
    now = rated_case(summary)
    assert now["participant_id"] == f"sub-{result.case.subject}"
    assert len(str(now["mask_sha256"])) == 64
    other = report_to_json(build_report(no_nerves, settings={}, software={}))
    assert rated_case(other)["mask_sha256"] != now["mask_sha256"]
    assert set(now) <= set(COLUMNS)


def test_every_sided_reason_has_its_twin():
    names = {reason["name"] for item in rating_form()["items"] for reason in item["reasons"]}
    for name in names:
        if name.endswith("_R"):
            assert f"{name[:-2]}_L" in names


def test_marks_lie_where_their_values_are():
    values = tuple(float(v) for v in range(10))
    links = tuple(f"sub-{k}.html" for k in range(10))
    figure, points = distribution_figure([Distribution("noise", "%", values, links, (0.0, 8.5))])
    assert figure is not None
    assert "1 apart" in figure.alt
    assert [point["link"] for point in points] == list(links)
    across = [point["x"] for point in points]
    # Evenly spaced values have evenly spaced marks, rounded to a hundredth of a percent.
    np.testing.assert_allclose(np.diff(across), np.diff(across)[0], atol=0.02)


def test_profiles_of_too_few_cases_are_not_drawn():
    arc = np.arange(5.0)
    table = np.tile([[2.0], [3.0], [4.0]], 5)
    few = GroupProfile("a", Nerve.C5, Side.LEFT, arc, table, 2)
    enough = GroupProfile("a", Nerve.C6, Side.LEFT, arc, table, 3)
    charts = profile_charts([few, enough])
    assert list(charts) == ["group_C6"]
    assert "3 cases" in charts["group_C6"].alt
    assert "fewer than 3 cases" in charts["group_C6"].caption
