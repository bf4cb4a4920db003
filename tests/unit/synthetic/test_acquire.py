"""What the scanner adds has the size it claims."""

from dataclasses import replace

import numpy as np
import pytest

from plexus_mri.synthetic.acquire import rician, shading
from plexus_mri.synthetic.spec import AcquisitionSpec, Sequence
from plexus_mri.synthetic.tissue import RELAXATION, Tissue, fat_signals, relative_signal


def test_noise_without_signal_is_rayleigh() -> None:
    noise = rician(np.zeros((60, 60, 60), np.float32), 5.0, np.random.default_rng(0))
    # 216,000 samples: the standard error of the mean is 0.1 %.
    assert noise.mean() == pytest.approx(5.0 * np.sqrt(np.pi / 2), rel=0.01)
    assert (noise**2).mean() == pytest.approx(2 * 5.0**2, rel=0.01)


def test_noise_on_strong_signal_has_the_stated_sigma() -> None:
    noisy = rician(np.full((60, 60, 60), 500.0, np.float32), 5.0, np.random.default_rng(0))
    assert noisy.std() == pytest.approx(5.0, rel=0.01)
    # Rician mean: A + sigma² / 2A.
    assert noisy.mean() == pytest.approx(500.0 + 25 / 1000, abs=0.05)


def test_no_noise_leaves_the_image() -> None:
    image = np.ones((3, 3, 3), np.float32)
    assert rician(image, 0.0, np.random.default_rng(0)) is image


def test_shading_has_the_stated_slope() -> None:
    acquisition = AcquisitionSpec(bias_percent=0.0, bias_gradient_percent=20.0)
    right, left = shading(np.array([[100.0, 0, 0], [-100.0, 0, 0]]), acquisition, seed=1)
    assert right / left == pytest.approx(np.exp(0.2))


def test_shading_stays_within_its_percentage() -> None:
    points = np.random.default_rng(0).uniform(-150, 150, (2000, 3))
    field = shading(points, AcquisitionSpec(bias_percent=30.0, bias_gradient_percent=0.0), seed=3)
    assert np.abs(np.log(field)).max() <= 0.3


def test_nerve_to_muscle_ratio_is_the_published_equations() -> None:
    acquisition = AcquisitionSpec(te_ms=60.0, ti_ms=220.0)
    nerve, muscle = (
        RELAXATION[tissue].density
        * relative_signal(acquisition, RELAXATION[tissue].t1_ms, RELAXATION[tissue].t2_ms)
        for tissue in (Tissue.NERVE, Tissue.MUSCLE)
    )
    assert float(nerve / muscle) == pytest.approx(1.90, abs=0.01)


def test_fat_is_nulled_at_its_inversion_time_only() -> None:
    stir = AcquisitionSpec(ti_ms=265.0)
    suppressed, full = fat_signals(stir)
    assert suppressed < 0.01 * full
    bright, _ = fat_signals(replace(stir, sequence=Sequence.T1, tr_ms=600.0, te_ms=10.0))
    assert bright > 0.5
