from dataclasses import replace

import numpy as np
import pytest

from plexus_mri.core.anatomy import Nerve, Side
from plexus_mri.core.canal_space import CanalSpace
from plexus_mri.core.template import MeanCourse, PlaceInTemplate, Template, TemplateMatch
from plexus_mri.core.template_transform import Deformation, TemplateTransform
from plexus_mri.core.transform import AffineTransform
from plexus_mri.core.volume import Volume
from plexus_mri.reasons import ReasonCode
from plexus_mri.report.html import render_html
from plexus_mri.report.model import build_report, report_to_json
from plexus_mri.report.template_facts import template_facts
from plexus_mri.report.template_figures import template_figures
from plexus_mri.report.views import choose_views, cut
from tests.unit.shapes import grid_of

GRID = grid_of((21, 11, 15), 10.0)
FAR = PlaceInTemplate(14.0, 9.0, 0.0, Nerve.C6)


@pytest.fixture
def placed(result):
    canal = CanalSpace(result.frame)
    courses = {
        key: MeanCourse(type(line)(canal.from_world(line.points_mm)), np.ones(2), 6)
        for key, traced in result.nerves.nerves.items()
        if (line := traced.centerline)
    }
    template = Template(Volume(np.ones(GRID.shape), GRID), {}, courses, 3, "three <b>cases</b>")
    transform = TemplateTransform(canal, AffineTransform.identity(), Deformation.none(GRID))
    near = PlaceInTemplate(2.0, 9.0, 0.4, Nerve.C5)
    places = {(Side.LEFT, Nerve.C5): FAR, (Side.RIGHT, Nerve.C5): near}
    match = TemplateMatch(template, transform, 0.123, places)
    return replace(result, case=replace(result.case, template=template), template=match)


def test_the_picture_is_there_only_when_the_case_was_placed(placed, result, small):
    cuts = cut(result, choose_views(result, small))
    figures = template_figures(placed, cuts, small)
    assert list(figures) == ["template"]
    assert "mean courses of the template" in figures["template"].caption
    assert template_figures(result, cuts, small) == {}


def test_the_page_names_far_nerves_alone_and_escapes_the_source(placed):
    page = render_html(report_to_json(build_report(placed, settings={}, software={})), {})
    assert "1 of 2 nerves lie farther from where it expects them" in page
    assert page.count("from where the template expects it (limit 9 mm), nearest to its C6.") == 1
    assert "(limit 9 mm), nearest to its C5." not in page
    assert "three &lt;b&gt;cases" in page


def test_facts_say_why_there_is_no_place(placed, result):
    assert template_facts(result) is None
    assert template_facts(replace(placed, template=None))["used"] is False
    reason = ReasonCode.TEMPLATE_NOT_REGISTERED
    failed = TemplateMatch(
        placed.case.template, None, 0.03, reason=reason, sentence="No likeness."
    )
    facts = template_facts(replace(placed, template=failed))
    assert (facts["used"], facts["sentence"], facts["nerves"]) == (False, "No likeness.", [])
