"""Further series and a template, from the command line to the report, with one measured case."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from plexus_mri.batch.stored import read_summary
from plexus_mri.core.anatomy import ROOTS, Nerve, Side
from plexus_mri.core.transform import AffineTransform
from plexus_mri.errors import InputError
from plexus_mri.io.derivatives import case_paths
from plexus_mri.io.nifti import read_nifti
from plexus_mri.io.tables import read_table
from plexus_mri.io.template import read_template
from plexus_mri.io.template_cases import template_cases
from plexus_mri.registration.average import build_template
from plexus_mri.registration.settings import RegistrationSettings
from tests.integration.maps_case import (
    TEMPLATE,
    displaced_map,
    main_image,
    map_options,
    measure,
    saved,
    true_pose,
)

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def rows(maps_run, maps_folder) -> dict:
    """What the summary says of each map, by its name."""
    assert maps_run.returncode == 0, maps_run.stderr
    summary = read_summary(case_paths(maps_folder / "out", "01", None).summary)
    return {row["name"]: row for row in summary["registration"]["maps"]}


@pytest.fixture(scope="module")
def profiles(maps_run, maps_folder) -> list[dict]:
    assert maps_run.returncode == 0, maps_run.stderr
    return read_table(case_paths(maps_folder / "out", "01", None).profile_measures)


def test_bad_maps_do_not_stop_the_case(maps_run):
    assert maps_run.returncode == 0
    assert "Traceback" not in maps_run.stdout + maps_run.stderr
    assert "exit code 0" in maps_run.stdout.rstrip().splitlines()[-1]


def test_a_displaced_map_is_put_in_its_place(rows):
    image = main_image()
    found = AffineTransform(np.array(rows["t2"]["map_from_image"]))
    corners = image.grid.corners_mm
    apart = found.apply(corners) - true_pose(image).apply(corners)
    # 0.6 mm: half a voxel, at the corners of the image, where a turn that is off weighs most.
    assert np.linalg.norm(apart, axis=1).max() < 0.6
    assert rows["t2"]["after"]["similarity"] > rows["t2"]["before"]["similarity"]


def test_every_nerve_has_the_values_of_the_map_at_its_own_places(profiles):
    image = main_image()
    t2 = displaced_map(image)
    known = [row for row in profiles if row["map_t2"] != "n/a"]
    assert {(row["side"], row["nerve"]) for row in known} == {
        (row["side"], row["nerve"]) for row in profiles
    }
    points = np.array([[float(row[f"{axis}_mm"]) for axis in "xyz"] for row in known])
    true = t2.sample(true_pose(image).apply(points))
    found = np.array([float(row["map_t2"]) for row in known])
    # 6 ms of 60: nerves are dark in this map, so the column, a mean over the inner cross-section,
    # lies above the value at the centre.
    assert np.median(np.abs(found - true)) < 6.0
    assert np.corrcoef(found, true)[0, 1] > 0.9
    # Where the header puts the map, other tissue lies: the comparison could fail.
    astray = t2.sample(points)
    seen = np.isfinite(astray)
    assert np.corrcoef(found[seen], astray[seen])[0, 1] < 0.5


def test_maps_that_do_not_fit_are_left_out_with_their_reason(rows, profiles):
    assert (rows["limb"]["used"], rows["limb"]["reason"]) == (False, "MAP_NOT_REGISTERED")
    assert (rows["far"]["used"], rows["far"]["reason"]) == (False, "MAP_NO_OVERLAP")
    assert "covers 0 % of the body in the main image" in rows["far"]["sentence"]
    assert not {"map_limb", "map_far"} & set(profiles[0])


def test_the_report_shows_each_registration_with_its_number_and_reason(maps_run, maps_folder):
    assert maps_run.returncode == 0
    page = (maps_folder / "out" / "sub-01.html").read_text(encoding="utf-8")
    assert "Checkerboard of the main image and the map t2, where it was registered." in page
    assert "similarity 0." in page
    assert "could not be registered to the main image: similarity" in page
    assert "covers 0 % of the body in the main image" in page


@pytest.fixture(scope="module")
def out(maps_run, maps_folder) -> Path:
    """Output of the case that was placed in the template."""
    assert maps_run.returncode == 0, maps_run.stderr
    return maps_folder / "out"


@pytest.fixture(scope="module")
def out_without(out, tmp_path_factory) -> Path:
    """A copy of that output after the same case was run again without the template."""
    folder = Path(shutil.copytree(out.parent, tmp_path_factory.mktemp("without") / "maps"))
    again = measure(folder, *map_options(folder))
    assert again.returncode == 0, again.stderr
    return folder / "out"


@pytest.fixture(scope="module")
def facts(out) -> dict:
    return read_summary(case_paths(out, "01", None).summary)["registration"]["template"]


def test_a_template_changes_no_number(out, out_without):
    anat = case_paths(out, "01", None).summary.parent
    names = [path.name for path in anat.glob("sub-01_desc-*_measures.tsv")]
    assert len(names) >= 4
    for name in names:
        assert (anat / name).read_bytes() == (
            case_paths(out_without, "01", None).summary.parent / name
        ).read_bytes(), name


def test_the_summary_says_how_far_each_nerve_lies(facts, out):
    assert facts["used"]
    assert facts["least_jacobian"] > 0
    rows = read_table(case_paths(out, "01", None).profile_measures)
    traced = {(row["side"], row["nerve"]) for row in rows}
    assert {(row["side"], row["nerve"]) for row in facts["nerves"]} == traced
    assert all(row["far"] == (row["distance_mm"] > row["limit_mm"]) for row in facts["nerves"])
    # Of a healthy phantom with its shoulders in the picture; 2.5 mm is usual there.
    roots = [row["distance_mm"] for row in facts["nerves"] if row["nerve"] in set(ROOTS)]
    assert np.median(roots) < 5.0
    page = case_paths(out, "01", None).html.read_text(encoding="utf-8")
    assert facts["sentence"] in page


def test_image_and_nodes_are_written_in_template_space(out):
    anat = case_paths(out, "01", None).summary.parent
    image, _ = read_nifti(anat / "sub-01_space-template_desc-preproc_T2w.nii.gz")
    template = read_template(TEMPLATE)
    assert image.grid.shape == template.grid.shape
    rows = read_table(anat / "sub-01_space-template_desc-profile_measures.tsv")
    nodes = read_table(case_paths(out, "01", None).profile_measures)
    names = ("nerve", "side", "node")
    assert [[row[n] for n in names] for row in rows] == [[row[n] for n in names] for row in nodes]
    aside = [float(row["x_mm"]) * Side(row["side"]).sign for row in rows]
    assert min(aside) > 0


def test_without_a_template_nothing_of_it_stays(out_without):
    paths = case_paths(out_without, "01", None)
    assert read_summary(paths.summary)["registration"]["template"] is None
    assert list(paths.summary.parent.glob("*space-template*")) == []


def test_a_template_that_is_none_is_said_before_anything_is_measured(tmp_path):
    saved(main_image(), tmp_path / "main.nii.gz")
    ended = measure(tmp_path, "--template", tmp_path / "nowhere")
    assert ended.returncode == 2
    assert "the template 'nowhere' lacks 'template.json'" in ended.stdout + ended.stderr
    assert not (tmp_path / "out" / "sub-01").exists()


def test_finished_cases_make_a_template_of_their_own(out):
    (case,) = template_cases(out)
    built = build_template([case] * 3, "one case, three times", RegistrationSettings())
    assert built.cases == 3
    # Muscle is 1 by the meaning of the unit; the middle of the body is darker (fat) or muscle.
    body = built.image.data[built.image.data > 0.2]
    assert 0.5 < np.median(body) < 1.5
    # The mean of both sides of one person passes each of them by half of what they differ.
    course = built.courses[Side.RIGHT, Nerve.C7]
    assert course.spread_mm.max() < 3.0
    assert abs(course.centerline.points_mm[0, 2]) < 3.0
    mirrored = built.courses[Side.LEFT, Nerve.C7].centerline.mirrored()
    assert mirrored.points_mm == pytest.approx(course.centerline.points_mm)


def test_two_cases_are_too_few(out):
    (case,) = template_cases(out)
    with pytest.raises(InputError, match="needs 3 cases with a traced root C7, got 2"):
        build_template([case] * 2, "two cases", RegistrationSettings())
