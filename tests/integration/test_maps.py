"""Further series from the command line to the report: used where they fit, named where not."""

import numpy as np
import pytest

from plexus_mri.batch.stored import read_summary
from plexus_mri.core.transform import AffineTransform
from plexus_mri.io.derivatives import case_paths
from plexus_mri.io.tables import read_table
from tests.integration.maps_case import displaced_map, main_image, true_pose

# One worker: the case is measured once for all of them.
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("case with maps")]


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
