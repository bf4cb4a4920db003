"""Diameters counted from node 0."""

import numpy as np
import pytest

from plexus_mri.measure.landmark import diameter_near, ganglion_doubt
from plexus_mri.measure.settings import MeasureSettings
from plexus_mri.reasons import ReasonCode

SETTINGS = MeasureSettings()
ARC = np.arange(0.0, 25.0)
ERRORS = np.full(len(ARC), 0.05)


def root(node_0_mm: float = 0.0, nerve_mm: float = 3.4):
    """Diameters of a root whose first node lies ``node_0_mm`` beyond its ganglion's centre."""
    away = np.clip((np.abs(ARC + node_0_mm) - 2.0) / 4.0, 0.0, 1.0)
    return nerve_mm + (5.6 - nerve_mm) * 0.5 * (1.0 + np.cos(np.pi * away))


def at_start(diameter):
    return diameter_near(ARC, (diameter, ERRORS), 0.0, SETTINGS.ganglion_reach_mm, SETTINGS)


def test_error_on_the_flat_of_a_ganglion_is_that_of_its_nodes():
    value, error = at_start(root())
    assert value == pytest.approx(5.6)
    assert error == pytest.approx(0.05, abs=1e-6)


def test_error_on_a_slope_holds_the_error_of_node_0():
    _, error = at_start(root(node_0_mm=3.0))
    first, _, third = root(node_0_mm=3.0)[:3]
    slope = (first - third) / 2.0
    assert slope > 0.5  # mm per mm: the flank of the ganglion
    assert error == pytest.approx(np.hypot(0.05, SETTINGS.landmark_error_mm * slope))


def test_nothing_measured_near_gives_no_number():
    assert at_start(np.where(ARC < 3.0, np.nan, root())) is None


def test_a_root_that_starts_at_its_ganglion_is_not_doubted():
    assert ganglion_doubt(ARC, root(), SETTINGS) is None


def test_a_root_that_starts_inside_the_canal_is_doubted():
    assert ganglion_doubt(ARC, root(node_0_mm=-5.0), SETTINGS) is ReasonCode.LANDMARK_DOUBT


def test_a_root_that_starts_beyond_its_ganglion_is_doubted():
    assert ganglion_doubt(ARC, root(node_0_mm=6.0), SETTINGS) is ReasonCode.LANDMARK_DOUBT


def test_a_root_enlarged_as_a_whole_is_not_doubted():
    assert ganglion_doubt(ARC, 1.8 * root(), SETTINGS) is None


def test_a_start_without_sections_is_doubted():
    blind = np.where(ARC < 5.0, np.nan, root())
    assert ganglion_doubt(ARC, blind, SETTINGS) is ReasonCode.LANDMARK_DOUBT
