"""The side check: no difference where none is, and a planted bias found in its own size."""

import json
from dataclasses import replace

import numpy as np
import pytest

from plexus_mri.batch.request import StudyRequest
from plexus_mri.batch.side_check import check_sides, mirrored_case, summary_of
from plexus_mri.batch.side_check_study import check_study
from plexus_mri.core.anatomy import NERVE_KEYS, Nerve, Side
from plexus_mri.core.case import Case, CaseResult, OwnMask, SeriesInfo
from plexus_mri.core.centerline import Centerline
from plexus_mri.core.landmarks import StatedLevel, StatedLevels
from plexus_mri.core.measurement import Measurement, MeasurementTable, Quantity
from plexus_mri.core.nerve_tree import NerveTree, TracedNerve
from plexus_mri.core.volume import EvenImage, LabelMap, Volume
from plexus_mri.errors import RefusedError
from plexus_mri.io.tables import read_table
from plexus_mri.reasons import ReasonCode
from plexus_mri.tracing.paint import paint_labels
from tests.integration.inputs import image_path, noise, write_nifti
from tests.unit.shapes import grid_of

GRID = grid_of((60, 20, 40))
IMAGE = Volume(np.random.default_rng(1).normal(size=GRID.shape), GRID)
SERIES = SeriesInfo(1, "STIR", "coronal", "sform (code 1)", 1, "a")
CASE = Case("01", None, IMAGE, SERIES)
C6 = (Side.RIGHT, Nerve.C6)


class Method:
    """Knows where C6 of the patient's right is; shifts, widens or misses as it is told.

    A shift is to the right of whatever image it is given, a factor of the area is that of its
    right side.
    """

    def __init__(self, shift_mm: float = 0.0, right_area: float = 1.0, misses: Side | None = None):
        self.shift_mm, self.right_area, self.misses = shift_mm, right_area, misses

    def __call__(self, case: Case) -> CaseResult:
        # The anatomy is mirrored where the first voxels lie on the other side.
        side = Side.RIGHT if np.array_equal(case.image.to_ras().data, IMAGE.data) else Side.LEFT
        z_mm = np.linspace(-15, 15, 31)
        x_mm = np.full(31, 12.0 * side.sign + self.shift_mm)
        points = np.stack([x_mm, 0 * z_mm, z_mm], axis=1)
        key = (side, Nerve.C6)
        traced = TracedNerve(Centerline(points), 1.0, {}, np.full(31, 2.5))
        nerves = {} if side is self.misses else {key: traced}
        missing = {k: ReasonCode.NERVE_NOT_FOUND for k in NERVE_KEYS if k not in nerves}
        area = 20.0 * (self.right_area if side is Side.RIGHT else 1.0)
        table = MeasurementTable((Measurement(Nerve.C6, side, Quantity.CSA_MEAN, area),))
        tree = NerveTree(nerves, missing)
        labels = paint_labels(tree, MeasurementTable(()), case.image.to_ras().grid)
        return CaseResult(case, EvenImage(case.image), None, labels, tree, table, (), (), ())


def of_c6(method):
    return {nerve.key: nerve for nerve in check_sides(CASE, method)}[C6]


def test_a_method_that_treats_both_sides_alike_shows_no_difference():
    found = of_c6(Method())
    assert (found.dice, found.caliber_percent) == (1.0, 0.0)
    assert found.position_mm == pytest.approx(0.0, abs=1e-9)


def test_a_shift_to_one_side_is_found_twice_over():
    # +1 mm in the image and +1 mm in its mirror image lie 2 mm apart in the patient.
    found = of_c6(Method(shift_mm=1.0))
    assert found.position_mm == pytest.approx(2.0)
    assert 0.2 < found.dice < 0.8  # discs of radius 2.5 mm that lie 2 mm apart: 0.5


def test_an_area_that_is_larger_on_one_side_is_found_in_percent():
    # 22 mm2 on the right, and 20 where the same nerve is on the left.
    found = of_c6(Method(right_area=1.1))
    assert found.caliber_percent == pytest.approx(200 * (20 - 22) / 42)


def test_a_nerve_found_on_one_side_of_the_screen_alone_has_a_reason():
    nerves = check_sides(CASE, Method(misses=Side.LEFT))
    found = {n.key: n.reason for n in nerves}
    assert found.pop(C6) is ReasonCode.SIDE_MISSING
    assert set(found.values()) == {ReasonCode.NERVE_NOT_FOUND}
    assert (summary_of(nerves).nerves, summary_of(nerves).one_only) == (0, 1)


def test_an_own_mask_is_mirrored_with_its_names():
    data = np.zeros(GRID.shape, np.int16)
    data[50, 10, 20] = 7
    own = OwnMask(LabelMap(data, GRID), {7: C6}, ganglia=frozenset({7}))
    mirrored = mirrored_case(replace(CASE, own_mask=own)).own_mask
    assert mirrored.nerve_of_index == {7: (Side.LEFT, Nerve.C6)}
    assert mirrored.ganglia == {7}
    place = mirrored.labels.grid.to_world(np.argwhere(mirrored.labels.data).astype(float))
    assert place[0, 0] == -GRID.to_world([[50, 10, 20]])[0, 0]


def test_landmarks_are_mirrored_with_the_anatomy():
    place = StatedLevel(Nerve.C6, np.array([14.0, 7.0, 33.0]), Side.RIGHT)
    (twin,) = mirrored_case(replace(CASE, stated=StatedLevels("l.tsv", (place,)))).stated.levels
    assert (twin.side, twin.point_mm.tolist()) == (Side.LEFT, [-14.0, 7.0, 33.0])
    assert mirrored_case(CASE).stated is None


def test_a_study_is_written_as_table_page_and_data(tmp_path, monkeypatch):
    monkeypatch.setenv("PLEXUS_MRI_SALT", "salt of the tests")
    for seed, subject in enumerate(("01", "02")):
        write_nifti(image_path(tmp_path / "study", subject), noise((12, 12, 12), seed=seed))

    def measure(case: Case) -> CaseResult:
        if case.subject == "02":
            raise RefusedError("sides unproven", ReasonCode.SIDE_UNPROVEN)
        is_mirrored = case.image.grid.affine[0, 0] < 0
        return Method()(replace(case, image=IMAGE.mirrored() if is_mirrored else IMAGE))

    lines: list[str] = []
    request = StudyRequest(tmp_path / "study", tmp_path / "out")
    cases, code = check_study(request, lines.append, measure)

    assert code == 4
    assert [len(case.nerves) for case in cases] == [22, 0]
    assert "1 nerves were found in both images" in lines[0]
    assert "SIDE_UNPROVEN" in lines[1]
    rows = read_table(tmp_path / "out" / "side_check.tsv")
    assert {(r["nerve"], r["side"]) for r in rows if r["dice"] != "n/a"} == {("C6", "R")}
    report = json.loads((tmp_path / "out" / "side_check_report.json").read_text(encoding="utf-8"))
    assert report["cases"][1]["reason"] == "SIDE_UNPROVEN"
    page = (tmp_path / "out" / "side_check.html").read_text(encoding="utf-8")
    assert all(caveat in page for caveat in report["caveats"])
    assert str(tmp_path) not in page
