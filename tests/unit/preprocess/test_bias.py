import numpy as np
import pytest
from scipy import ndimage

from plexus_mri.core.volume import Volume
from plexus_mri.errors import InputError
from plexus_mri.preprocess.bias import correct_bias, remove_shading
from plexus_mri.preprocess.settings import PreprocessSettings
from tests.unit.shapes import grid_of


def biased(strength=0.5):
    """Two tissues in blocks, under a smooth field along x; noise as in a real image."""
    grid = grid_of((90, 45, 60), 3.0)
    rng = np.random.default_rng(5)
    i, j, k = np.indices(grid.shape)
    tissue = np.where((i // 9 + j // 9 + k // 9) % 2 == 0, 100.0, 220.0)
    field = np.exp(strength * (i / grid.shape[0] - 0.5))
    noise = rng.normal(0, 3, grid.shape)
    return Volume(tissue * field + noise, grid), tissue


def test_correction_flattens_a_field_of_65_percent_to_a_few():
    image, tissue = biased()
    ratio = correct_bias(image, PreprocessSettings()).data / tissue
    ends = ratio[5:15].mean() / ratio[-15:-5].mean()
    assert ends == pytest.approx(1.0, abs=0.03)  # the stiff spline leaves 1-2 %


def test_mirrored_image_gives_the_mirrored_correction():
    image, _ = biased()
    straight = correct_bias(image, PreprocessSettings()).data
    flipped = correct_bias(Volume(image.data[::-1], image.grid), PreprocessSettings()).data
    # Sums run in another order on a mirrored array: rounding, widened by the rounds of the fit.
    assert flipped[::-1] == pytest.approx(straight, rel=1e-4)


def test_switched_off_changes_nothing():
    image, _ = biased()
    assert correct_bias(image, PreprocessSettings(correct_bias=False)) is image


def test_tissue_that_brightens_on_one_side_is_not_taken_for_shading():
    """Fat that fails suppression on one side is no reason to darken the muscle there."""
    grid = grid_of((90, 45, 60), 3.0)
    i, j, k = np.indices(grid.shape)
    muscle = (i // 9 + j // 9 + k // 9) % 2 == 0
    fat = np.where(i > 60, 60.0, 25.0)
    noise = np.random.default_rng(6).normal(0, 3, grid.shape)
    image = Volume(np.where(muscle, 100.0, fat) + noise, grid)
    corrected = np.where(muscle, correct_bias(image, PreprocessSettings()).data, np.nan)
    ends = np.nanmean(corrected[5:25]) / np.nanmean(corrected[-25:-5])
    assert ends == pytest.approx(1.0, abs=0.02)  # edges of the blocks still pull a little


def test_a_shoulder_of_brighter_muscle_is_not_taken_for_shading():
    """Denervated muscle, 1.5 times as bright, at the end that the coil darkens by 15 %."""
    grid = grid_of((90, 45, 60), 3.0)
    i, j, k = np.indices(grid.shape)
    muscle = (i // 9 + j // 9 + k // 9) % 2 == 0
    shading = np.exp(-0.15 * np.clip((i - 45) / 45, 0.0, 1.0))
    tissue = np.where(muscle, np.where(i > 68, 150.0, 100.0), 25.0)
    noise = np.random.default_rng(6).normal(0, 3, grid.shape)
    corrected = correct_bias(Volume(tissue * shading + noise, grid), PreprocessSettings()).data
    beside = corrected[muscle & (i > 53) & (i <= 68)].mean()
    # The stiff spline leaves 1-2 %; a field that follows the shoulder leaves 16 %.
    assert beside / corrected[muscle & (i < 25)].mean() == pytest.approx(1.0, abs=0.03)


def test_a_gain_of_the_scanner_changes_nothing_but_the_unit():
    image, _ = biased()
    louder = Volume(image.data * np.float32(8.0), image.grid)
    straight = correct_bias(image, PreprocessSettings()).data
    assert correct_bias(louder, PreprocessSettings()).data == pytest.approx(8 * straight, rel=1e-5)


@pytest.mark.parametrize("change", [0.2, -0.2])
def test_a_gradient_of_the_coil_is_taken_out_with_what_shading_was_there(change):
    """Tissue twice as uneven as the tolerance is wide: rounds settle slowly there."""
    image, tissue = biased()
    uneven = ndimage.gaussian_filter(np.random.default_rng(7).normal(size=image.grid.shape), 2.0)
    image = image.with_data(image.data * np.exp(0.3 * uneven / uneven.std()))
    across = np.linspace(-0.5, 0.5, image.grid.shape[0])[:, None, None]
    sloped = image.with_data(image.data * (1.0 + change * across))
    fields = [
        np.log(image_.data / correct_bias(image_, PreprocessSettings()).data)
        for image_ in (image, sloped)
    ]
    left_over = fields[1] - fields[0] - np.log(1.0 + change * across)
    body = left_over[10:-10][tissue[10:-10] == 100.0]
    # Weights grow with intensity, so a gradient changes a little which voxels count: 1.2 % here.
    # Rounds that stop before they settle leave 4-5 %.
    assert np.ptp(np.percentile(body, (5, 95))) < 0.02


@pytest.mark.parametrize(("unevenness", "width"), [(0.12, 2.0), (0.3, 4.0), (0.4, 4.0)])
def test_the_stated_error_holds_the_shading_that_is_left(unevenness, width):
    """Muscle of one intensity to 12 %, and far from it, where the field goes astray."""
    image, tissue = biased()
    patches = ndimage.gaussian_filter(np.random.default_rng(7).normal(size=tissue.shape), width)
    image = image.with_data(image.data * np.exp(unevenness * patches / patches.std()))
    even = remove_shading(image, PreprocessSettings())
    true = 0.5 * np.linspace(-0.5, 0.5, tissue.shape[0])[:, None, None]
    left_over = (np.log(image.data / even.image.data) - true)[10:-10]
    left_over = left_over[tissue[10:-10] == 100.0]
    # One standard deviation from one image: right to a quarter at best.
    assert left_over.std() < 1.25 * even.shading_error


def test_a_field_of_too_many_control_points_is_refused_with_a_remedy():
    image = Volume(np.ones((60, 60, 60), np.float32), grid_of((60, 60, 60), 5.0))
    with pytest.raises(InputError, match=r"control_spacing_mm = 6: .* choose a larger spacing"):
        remove_shading(image, PreprocessSettings(control_spacing_mm=6.0))
