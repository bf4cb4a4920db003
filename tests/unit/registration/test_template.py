"""The sample patient in the template: drawn from another population than the template's cases."""

from collections.abc import Mapping
from itertools import groupby
from pathlib import Path

import numpy as np
import pytest

from plexus_mri.core.anatomy import ROOTS, Nerve, NerveKey, Side
from plexus_mri.core.centerline import Centerline
from plexus_mri.core.frame import PatientFrame
from plexus_mri.core.grid import Grid
from plexus_mri.core.nerve_tree import NerveTree, TracedNerve
from plexus_mri.core.template import Template, TemplateMatch
from plexus_mri.core.template_transform import voxel_points
from plexus_mri.core.volume import Volume
from plexus_mri.io.nifti import read_nifti
from plexus_mri.io.tables import read_table
from plexus_mri.io.template import read_template
from plexus_mri.preprocess.bias import correct_bias
from plexus_mri.preprocess.settings import PreprocessSettings
from plexus_mri.reasons import ReasonCode
from plexus_mri.registration.frame import find_patient_frame
from plexus_mri.registration.settings import RegistrationSettings
from plexus_mri.registration.template import template_from_subject, with_places

pytestmark = pytest.mark.slow
SAMPLE = Path(__file__).resolve().parents[3] / "sample_data"
SETTINGS = RegistrationSettings()
MIRROR = np.array([-1.0, 1.0, 1.0])


def framed(volume: Volume) -> tuple[Volume, PatientFrame]:
    image = correct_bias(volume.to_ras(), PreprocessSettings())
    frame = find_patient_frame(image, "sform (code 1)", SETTINGS)
    assert frame is not None
    return image, frame


@pytest.fixture(scope="module")
def template() -> Template:
    return read_template(SAMPLE / "template")


@pytest.fixture(scope="module")
def scanned() -> Volume:
    return read_nifti(SAMPLE / "study/sub-01/anat/sub-01_acq-stir_T2w.nii.gz")[0]


@pytest.fixture(scope="module")
def patient(scanned) -> tuple[Volume, PatientFrame]:
    return framed(scanned)


@pytest.fixture(scope="module")
def truth() -> Mapping[NerveKey, Centerline]:
    rows = read_table(SAMPLE / "truth/sub-01_desc-profile_measures.tsv")
    nerves = {}
    for (side, nerve), nodes in groupby(rows, lambda row: (row["side"], row["nerve"])):
        points = np.array([[float(row[f"{axis}_mm"]) for axis in "xyz"] for row in nodes])
        nerves[Side(side), Nerve(nerve)] = Centerline(points)
    return nerves


@pytest.fixture(scope="module")
def match(template, patient) -> TemplateMatch:
    return template_from_subject(template, *patient, SETTINGS)


def tree(nerves: Mapping[NerveKey, Centerline]) -> NerveTree:
    return NerveTree(
        {k: TracedNerve(line, 1.0, {}, np.ones(len(line.points_mm))) for k, line in nerves.items()}
    )


def test_roots_of_the_template_come_to_lie_on_those_of_the_patient(template, match, truth):
    off_mm = [
        np.linalg.norm(
            match.transform.to_world(template.courses[key].centerline.points_mm[:1])
            - line.points_mm[:1]
        )
        for key, line in truth.items()
        if key[1] in ROOTS
    ]
    assert len(off_mm) == 10
    assert np.median(off_mm) <= 5.0


def test_space_does_not_fold_and_the_inverse_leads_back(template, match):
    assert match.transform.least_jacobian > 0
    points = voxel_points(template.grid)
    back = match.transform.from_world(match.transform.to_world(points))
    assert np.linalg.norm(back - points, axis=1).max() <= 0.5


def test_a_mirrored_patient_has_a_mirrored_place(template, scanned, match):
    mirrored = template_from_subject(template, *framed(scanned.mirrored()), SETTINGS)
    places = np.vstack([c.centerline.points_mm for c in template.courses.values()])
    here, there = match.transform.to_world(places), mirrored.transform.to_world(places * MIRROR)
    # Only the rounding of the numbers differs.
    assert np.linalg.norm(there * MIRROR - here, axis=1).max() < 0.01


def test_true_nerves_lie_where_they_are_expected(match, truth):
    placed = with_places(match, tree(truth), SETTINGS.farthest_from_template_mm)
    assert {key: p.distance_mm for key, p in placed.places.items() if p.is_far} == {}
    assert len(placed.places) == len(truth)


def test_names_that_are_one_level_too_low_are_flagged(match, truth):
    lower = dict(zip(ROOTS[1:], ROOTS[:-1], strict=True))
    shifted = {(s, lower[n]): line for (s, n), line in truth.items() if n in lower}
    placed = with_places(match, tree(shifted), SETTINGS.farthest_from_template_mm)
    far = [key for key, place in placed.places.items() if place.is_far]
    assert len(far) >= len(shifted) / 2
    assert all(placed.places[key].nearest is not key[1] for key in far)


def test_a_narrow_image_shows_too_little_to_be_placed(template, patient):
    image, frame = patient
    middle = image.grid.shape[0] // 2
    narrow = np.array(image.grid.affine)
    narrow[:3, 3] += (middle - 15) * narrow[:3, 0]
    part = image.data[middle - 15 : middle + 15]
    found = template_from_subject(
        template, Volume(part, Grid(part.shape, narrow)), frame, SETTINGS
    )
    assert found.transform is None
    assert "shows too little" in found.sentence


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_an_image_that_shows_no_neck_has_no_place(seed, template, patient):
    image, frame = patient
    noise = np.random.default_rng(seed).rayleigh(50.0, image.data.shape)
    found = template_from_subject(template, image.with_data(noise), frame, SETTINGS)
    assert found.transform is None
    assert found.reason is ReasonCode.TEMPLATE_NOT_REGISTERED
    assert "limit" in found.sentence
