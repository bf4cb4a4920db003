from dataclasses import replace

import numpy as np
import pytest

from plexus_mri.core.series_map import Agreement, RegisteredMap, SeriesMap
from plexus_mri.core.transform import AffineTransform
from plexus_mri.reasons import ReasonCode
from plexus_mri.report.map_figures import map_figures
from plexus_mri.report.map_rows import map_rows
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
