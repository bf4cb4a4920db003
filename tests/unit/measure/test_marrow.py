"""Vertebral marrow is told by the breaks between the bodies."""

import numpy as np
import pytest

from plexus_mri.core.centerline import Centerline
from plexus_mri.core.frame import PatientFrame, SideProof
from plexus_mri.measure.marrow import vertebral_marrow
from plexus_mri.measure.settings import MeasureSettings
from plexus_mri.measure.tissue_samples import Samples

SETTINGS = MeasureSettings()
HEIGHTS = np.arange(80.0, -81.0, -5.0)
FRAME = PatientFrame(
    Centerline(np.stack([0 * HEIGHTS, 0 * HEIGHTS, HEIGHTS], axis=1)),
    np.array([1.0, 0.0, 0.0]),
    SideProof("sform (code 1)", "canal", 0.5, 12.0, proven=True),
)
MARROW = 70.0


def column(disc: float, every_mm: float = 18.0, thick_mm: float = 5.0) -> Samples:
    """Marrow before the canal, interrupted by discs of another intensity, with noise of 5 %."""
    axes = np.arange(-7.0, 7.1, 2.0), np.arange(12.0, 25.1, 2.0), np.arange(-80.0, 80.0, 1.0)
    x_mm, y_mm, z_mm = (a.ravel() for a in np.meshgrid(*axes, indexing="ij"))
    within = np.mod(z_mm, every_mm) < thick_mm
    noise = np.random.default_rng(5).normal(1.0, 0.05, len(z_mm))
    points = np.stack([x_mm, y_mm, z_mm], axis=1)
    return Samples(points, np.where(within, disc, MARROW) * noise, x_mm, y_mm, FRAME.up)


@pytest.mark.parametrize("disc", [40.0, 110.0])
def test_marrow_between_dark_or_bright_discs_is_measured(disc):
    found = vertebral_marrow(column(disc), FRAME, SETTINGS)
    assert np.ptp(found.level_mm) > 120.0
    # Noise of 5 % over hundreds of samples of a level, and discs cut at bins of 1.5 mm.
    assert found.intensity == pytest.approx(np.full(len(found.intensity), MARROW), rel=0.02)


def test_tissue_without_breaks_is_not_called_marrow():
    assert not len(vertebral_marrow(column(MARROW), FRAME, SETTINGS).level_mm)


def test_breaks_further_apart_than_vertebrae_are_not_called_a_column():
    assert not len(vertebral_marrow(column(40.0, every_mm=45.0), FRAME, SETTINGS).level_mm)


def test_an_image_that_ends_behind_the_bodies_has_no_marrow():
    whole = column(40.0)
    behind = whole.where(whole.forward_mm < 10.0)
    assert not len(vertebral_marrow(behind, FRAME, SETTINGS).level_mm)
