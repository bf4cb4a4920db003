import numpy as np
import pytest

from plexus_mri.core.anatomy import Nerve, Side
from plexus_mri.core.template import Template
from plexus_mri.core.volume import Volume
from plexus_mri.errors import SettingsError
from plexus_mri.io.nifti import write_volume
from plexus_mri.io.template import read_template, write_template
from tests.unit.core.test_template import GRID, straight
from tests.unit.shapes import grid_of

KEYS = ((Side.RIGHT, Nerve.C5), (Side.LEFT, Nerve.UPPER_TRUNK))


@pytest.fixture
def template():
    rng = np.random.default_rng(2)
    data = rng.uniform(0, 3, GRID.shape).round(2)
    image = Volume(data + data[::-1], GRID)
    shares = {key: rng.integers(0, 101, GRID.shape).astype(np.uint8) for key in KEYS}
    return Template(image, shares, {key: straight(20.0) for key in KEYS}, 3, "three cases")


def test_a_template_comes_back_as_it_was_written(template, tmp_path):
    write_template(tmp_path / "mean", template)
    found = read_template(tmp_path / "mean")
    assert found.image.data == pytest.approx(template.image.data, abs=1e-6)  # of whole percents
    assert (found.cases, found.source) == (3, "three cases")
    assert set(found.courses) == set(found.probability) == set(KEYS)
    for key in KEYS:
        assert (found.probability[key] == template.probability[key]).all()
        assert found.courses[key].centerline.points_mm == pytest.approx(
            template.courses[key].centerline.points_mm, abs=1e-3
        )
        assert found.courses[key].curves == 6


def test_the_same_template_gives_the_same_bytes_and_digest(template, tmp_path):
    write_template(tmp_path / "one", template)
    write_template(tmp_path / "two", template)
    one, two = (read_template(tmp_path / name) for name in ("one", "two"))
    assert one.digest == two.digest != ""


@pytest.mark.parametrize(
    "name", ["template.json", "template_T2w.nii.gz", "template_hemi-R_label-C5_probseg.nii.gz"]
)
def test_a_folder_that_lacks_a_file_is_named_with_the_remedy(template, tmp_path, name):
    write_template(tmp_path / "mean", template)
    (tmp_path / "mean" / name).unlink()
    with pytest.raises(SettingsError, match=rf"template 'mean'.*{name}.*build_template"):
        read_template(tmp_path / "mean")


def test_a_probability_on_another_grid_is_refused(template, tmp_path):
    write_template(tmp_path / "mean", template)
    other = Volume(np.zeros((5, 5, 5)), grid_of((5, 5, 5)))
    write_volume(tmp_path / "mean" / "template_hemi-R_label-C5_probseg.nii.gz", other)
    with pytest.raises(SettingsError, match="lies on another grid"):
        read_template(tmp_path / "mean")
