from dataclasses import replace

import numpy as np
import pytest

from plexus_mri.cli.text import verdict_lines
from plexus_mri.core.series_map import Agreement, RegisteredMap, SeriesMap
from plexus_mri.core.transform import AffineTransform
from plexus_mri.reasons import ReasonCode
from plexus_mri.report.map_figures import map_figures
from plexus_mri.report.map_rows import map_rows
from plexus_mri.report.methods import method_facts
from plexus_mri.report.views import choose_views

NUMBERS = Agreement(0.171, 0.76, 0.54, 0.78)
LIMITS = Agreement(0.04, 0.4, 0.08, 0.15)


@pytest.fixture
def with_maps(result):
    inverted = result.image.with_data(700.0 - result.image.data)
    placed = AffineTransform.identity()
    used = RegisteredMap(SeriesMap("t1", inverted), placed, NUMBERS, NUMBERS, limits=LIMITS)
    sentence = "the map 'fa' could not be registered to the main image"
    failed = RegisteredMap(
        SeriesMap("fa", inverted), None, reason=ReasonCode.MAP_NOT_REGISTERED, sentence=sentence
    )
    unread = RegisteredMap(SeriesMap("ff", None), None, reason=ReasonCode.INPUT_MISSING)
    return replace(result, maps=(used, failed, unread))


def test_a_registered_map_is_shown_before_and_after_and_a_failed_one_before(with_maps, small):
    figures = map_figures(with_maps, choose_views(with_maps, small), small)
    assert list(figures) == ["map_t1_before", "map_t1_after", "map_fa_before"]
    assert "similarity 0.171 (limit 0.040)" in figures["map_t1_after"].caption
    assert "handedness 0.54 (limit 0.08)" in figures["map_t1_after"].caption
    assert all(figure.group == "maps" for figure in figures.values())


def test_rows_say_what_was_used_and_why_not(with_maps):
    used, failed, unread = map_rows(with_maps)
    assert used["used"]
    assert "76 % of it is lost 12 mm out of place" in used["sentence"]
    assert np.array_equal(used["map_from_image"], np.eye(4))
    assert (failed["used"], failed["reason"]) == (False, ReasonCode.MAP_NOT_REGISTERED)
    assert (unread["used"], unread["reason"]) == (False, ReasonCode.INPUT_MISSING)


def test_methods_tell_how_maps_were_placed_and_which_were_left_out(with_maps):
    told = method_facts(with_maps, {}, {"SimpleITK": "2.5"})
    text = " ".join(told["paragraphs"])
    assert "Further series (t1) were placed on the image rigidly by mutual information" in text
    assert "SimpleITK 2.5" in text
    assert "left out, with their reasons above: fa, ff" in text
    assert any("Mattes" in source for source in told["references"])
    without = " ".join(method_facts(replace(with_maps, maps=()), {}, {})["paragraphs"])
    assert "Further series" not in without


def test_the_terminal_says_which_maps_were_left_out(with_maps):
    rows = map_rows(with_maps)
    lines = verdict_lines({"verdict": {"headline": ["one"]}, "registration": {"maps": rows}})
    assert lines[0] == "one"
    assert lines[1] == (
        "map fa left out (MAP_NOT_REGISTERED): "
        "the map 'fa' could not be registered to the main image"
    )
    assert lines[2].startswith("map ff left out (INPUT_MISSING)")
    assert len(lines) == 3
