"""The output tree of a case and of a study."""

import csv
import json
from dataclasses import replace
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from plexus_mri.batch.group_profiles import read_curves
from plexus_mri.core.anatomy import Nerve, Side, label_index
from plexus_mri.core.case import Case, CaseResult, SeriesInfo
from plexus_mri.core.caveats import POOR_CORRELATION, RESEARCH_USE
from plexus_mri.core.comparison import Comparison, Pattern, PooledComparison, Region, Verdict
from plexus_mri.core.grid import Grid
from plexus_mri.core.measurement import (
    Measurement,
    MeasurementTable,
    Profile,
    Quality,
    Quantity,
)
from plexus_mri.core.muscle import (
    Muscle,
    MuscleComparison,
    MuscleSample,
    MuscleTable,
    muscle_index,
)
from plexus_mri.core.nerve_tree import NerveTree
from plexus_mri.core.norms import Modality, Norm, Norms, NormSource
from plexus_mri.core.taper import Taper
from plexus_mri.core.volume import EvenImage, LabelMap, Volume
from plexus_mri.errors import SettingsError, StageError
from plexus_mri.io.columns import ASYMMETRY_COLUMNS, NERVE_COLUMNS, PROFILE_COLUMNS
from plexus_mri.io.derivatives import (
    case_stem,
    on_stored_grid,
    write_case,
    write_dataset_files,
)
from plexus_mri.io.group_tables import write_group_tables
from plexus_mri.io.tables import read_table
from plexus_mri.reasons import ReasonCode

LSP = np.array([[-1.0, 0, 0, 20], [0, 0, -2, 9], [0, 3, 0, -4], [0, 0, 0, 1]])


def profile(nerve: Nerve, side: Side) -> Profile:
    nodes = np.arange(3.0)
    return Profile(
        nerve=nerve,
        side=side,
        arc_length_mm=nodes,
        points_mm=np.stack([nodes / 3, nodes, nodes], axis=1),
        csa_mm2=np.array([np.pi, np.nan, np.pi]),
        csa_se_mm2=np.full(3, 0.1),
        long_mm=np.full(3, 2.0),
        short_mm=np.full(3, 2.0),
        angle_deg=np.full(3, 45.0),
        signal=np.full(3, 300.0),
        signal_se=np.full(3, 3.0),
        reference=np.array([100.0, 100.0, np.nan]),
        common_error=np.zeros(3),
        quality=(Quality.GOOD, Quality.POOR_FIT, Quality.NO_REFERENCE | Quality.THIN),
    )


def result(
    subject: str = "01", session: str | None = None, affine: np.ndarray = LSP
) -> CaseResult:
    grid = Grid((4, 5, 6), affine)
    image = Volume(np.arange(120).reshape(4, 5, 6), grid)
    ras = image.to_ras()
    case = Case(subject, session, image, SeriesInfo(1, "stir", "coronal", "sform", 1, "0" * 64))
    labels = LabelMap((ras.data % 7).astype(np.int16), ras.grid)
    measurements = (
        Measurement(Nerve.T1, Side.LEFT, Quantity.LENGTH, None, reason=ReasonCode.NERVE_LOST),
        Measurement(Nerve.C5, Side.RIGHT, Quantity.CSA_MEAN, 9.0, 8.0, 10.0, 0.5, Quality.THIN),
        Measurement(Nerve.C5, Side.LEFT, Quantity.CSA_MEAN, 12.34567, 11.3, 13.4, 0.5),
        Measurement(Nerve.C5, Side.LEFT, Quantity.LENGTH, 60.123456, 60.0, 60.2, 0.05),
    )
    profiles = {
        (side, nerve): profile(nerve, side)
        for nerve in (Nerve.UPPER_TRUNK, Nerve.C5)
        for side in (Side.RIGHT, Side.LEFT)
    }
    asymmetry = (
        Comparison(
            Nerve.T1,
            Quantity.LENGTH,
            *(None,) * 6,
            Verdict.NOT_COMPARABLE,
            Pattern.NONE,
            reason=ReasonCode.NERVE_LOST,
        ),
        Comparison(
            Nerve.C5,
            Quantity.CSA_MEAN,
            12.34567,
            9.0,
            31.34312,
            20.0,
            42.0,
            11.0,
            Verdict.LEFT_LARGER,
            Pattern.FOCAL,
            10.0,
            22.5,
        ),
    )
    table = MeasurementTable(measurements, profiles)
    return CaseResult(case, EvenImage(ras), None, labels, NerveTree({}), table, asymmetry, (), ())


def test_names_follow_the_contract(tmp_path: Path) -> None:
    write_case(result(), {"schema_version": "1"}, {"overview.webp": b"x"}, "<html>", tmp_path)
    assert sorted(str(p.relative_to(tmp_path)) for p in tmp_path.rglob("*") if p.is_file()) == [
        "sub-01.html",
        "sub-01/anat/sub-01_desc-asymmetry_measures.json",
        "sub-01/anat/sub-01_desc-asymmetry_measures.tsv",
        "sub-01/anat/sub-01_desc-muscle_dseg.json",
        "sub-01/anat/sub-01_desc-muscle_dseg.nii.gz",
        "sub-01/anat/sub-01_desc-muscle_dseg.tsv",
        "sub-01/anat/sub-01_desc-muscle_measures.json",
        "sub-01/anat/sub-01_desc-muscle_measures.tsv",
        "sub-01/anat/sub-01_desc-nerve_dseg.json",
        "sub-01/anat/sub-01_desc-nerve_dseg.nii.gz",
        "sub-01/anat/sub-01_desc-nerve_dseg.tsv",
        "sub-01/anat/sub-01_desc-nerve_measures.json",
        "sub-01/anat/sub-01_desc-nerve_measures.tsv",
        "sub-01/anat/sub-01_desc-pooled_measures.json",
        "sub-01/anat/sub-01_desc-pooled_measures.tsv",
        "sub-01/anat/sub-01_desc-profile_measures.json",
        "sub-01/anat/sub-01_desc-profile_measures.tsv",
        "sub-01/anat/sub-01_desc-summary_report.json",
        "sub-01/anat/sub-01_desc-taper_measures.json",
        "sub-01/anat/sub-01_desc-taper_measures.tsv",
        "sub-01/figures/sub-01_overview.webp",
    ]


def test_session_has_its_own_folder(tmp_path: Path) -> None:
    paths = write_case(result("sub-01", "ses-2"), {}, {}, "", tmp_path)
    assert paths.html == tmp_path / "sub-01_ses-2.html"
    assert paths.summary.parent == tmp_path / "sub-01" / "ses-2" / "anat"
    row = read_table(paths.nerve_measures)[0]
    assert (row["subject"], row["session"]) == ("01", "2")


@pytest.mark.parametrize(
    ("columns", "names"),
    [
        (
            NERVE_COLUMNS,
            "subject session nerve side quantity value unit ci_low ci_high quality reason",
        ),
        (
            PROFILE_COLUMNS,
            (
                "subject session nerve side node arc_length_mm x_mm y_mm z_mm csa_mm2 diameter_mm "
                "signal signal_ratio quality"
            ),
        ),
        (
            ASYMMETRY_COLUMNS,
            (
                "subject session nerve quantity left right unit asymmetry_percent ci_low ci_high "
                "smallest_detectable_percent verdict pattern from_mm to_mm reason"
            ),
        ),
    ],
)
def test_columns_begin_with_those_of_the_contract(columns: tuple, names: str) -> None:
    assert [c.name for c in columns][: len(names.split())] == names.split()
    assert all(c.meaning for c in columns)


def test_nerve_rows_stand_in_nerve_side_quantity_order(tmp_path: Path) -> None:
    paths = write_case(result(), {}, {}, "", tmp_path)
    rows = read_table(paths.nerve_measures)
    assert [(r["nerve"], r["side"], r["quantity"], r["value"]) for r in rows] == [
        ("C5", "L", "length_mm", "60.123"),
        ("C5", "L", "csa_mean_mm2", "12.35"),
        ("C5", "R", "csa_mean_mm2", "9.00"),
        ("T1", "L", "length_mm", "n/a"),
    ]
    assert [(r["quality"], r["reason"]) for r in rows] == [
        ("good", "n/a"),
        ("good", "n/a"),
        ("thin", "n/a"),
        ("n/a", "NERVE_LOST"),
    ]


def test_profile_has_one_row_per_node_and_missing_nodes_are_not_available(tmp_path: Path) -> None:
    rows = read_table(write_case(result(), {}, {}, "", tmp_path).profile_measures)
    keys = [("C5", "L"), ("C5", "R"), ("upper_trunk", "L"), ("upper_trunk", "R")]
    assert [(r["nerve"], r["side"]) for r in rows] == [k for k in keys for _ in range(3)]
    assert [r["csa_mm2"] for r in rows[:3]] == ["3.14", "n/a", "3.14"]
    assert [r["diameter_mm"] for r in rows[:3]] == ["2.000", "n/a", "2.000"]
    assert [r["signal_ratio"] for r in rows[:3]] == ["3.000", "3.000", "n/a"]
    assert [r["quality"] for r in rows[:3]] == ["good", "poor_fit", "thin+no_reference"]
    assert [r["x_mm"] for r in rows[:3]] == ["0.000", "0.333", "0.667"]
    assert {r["nerve"]: r["landmark"] for r in rows} == {
        "C5": "dorsal_root_ganglion",
        "upper_trunk": "first_point",
    }


def test_a_root_that_begins_where_its_label_does_says_so_and_is_in_no_groups_curve(
    tmp_path: Path,
) -> None:
    plain = result()
    key = (Side.LEFT, Nerve.C5)
    profiles = dict(plain.table.profiles)
    profiles[key] = replace(profiles[key], begins_anywhere=True)
    painted = replace(plain, table=replace(plain.table, profiles=profiles))
    path = write_case(painted, {}, {}, "", tmp_path).profile_measures
    landmarks = {(r["side"], r["nerve"]): r["landmark"] for r in read_table(path)}
    assert landmarks["L", "C5"] == "first_point"
    assert landmarks["R", "C5"] == "dorsal_root_ganglion"
    drawn = set(read_curves(path))
    assert (Nerve.C5, Side.LEFT) not in drawn
    assert {(Nerve.C5, Side.RIGHT), (Nerve.UPPER_TRUNK, Side.LEFT)} <= drawn


def test_profile_has_raw_signal_spread_and_area_of_the_mask_where_they_are_known(
    tmp_path: Path,
) -> None:
    known = replace(
        profile(Nerve.C5, Side.LEFT),
        bias_field=np.array([0.5, np.nan, 2.0]),
        spread_square=np.array([16.0, -4.0, np.nan]),
        csa_mask_mm2=np.array([5.0, np.nan, 7.25]),
    )
    plain = profile(Nerve.C5, Side.RIGHT)
    profiles = {(p.side, p.nerve): p for p in (known, plain)}
    measured = replace(result(), table=MeasurementTable((), profiles), asymmetry=())
    rows = read_table(write_case(measured, {}, {}, "", tmp_path).profile_measures)
    names = ("signal_raw", "signal_spread", "csa_mask_mm2")
    cells = [[row[name] for row in rows] for name in names]
    assert cells[0] == ["150.0", "n/a", "600.0", *["n/a"] * 3]
    assert cells[1] == ["4.00", "0.00", "n/a", *["n/a"] * 3]
    assert cells[2] == ["5.00", "n/a", "7.25", *["n/a"] * 3]


def test_asymmetry_rows_keep_verdict_pattern_and_reason(tmp_path: Path) -> None:
    c5, t1 = read_table(write_case(result(), {}, {}, "", tmp_path).asymmetry_measures)
    assert c5["asymmetry_percent"] == "31.3"
    assert (c5["left"], c5["right"], c5["unit"]) == ("12.35", "9.00", "mm^2")
    assert (c5["verdict"], c5["pattern"]) == ("left_larger", "focal")
    assert (c5["from_mm"], c5["to_mm"]) == ("10", "22.5")
    assert (t1["asymmetry_percent"], t1["reason"]) == ("n/a", "NERVE_LOST")
    assert t1["verdict"] == "not_comparable"


def test_norms_answer_in_both_tables_and_only_for_their_contrast(tmp_path: Path) -> None:
    source = NormSource("Ours", "Own", Modality.MRI, "m", "p", ("stir",))
    norms = Norms((Norm(Nerve.C5, Quantity.CSA_MEAN, 40, source, 9.0, 1.0, 8.0, 6.0),))
    answers = {}
    for contrast in ("stir", "T2"):
        measured = result()
        case = replace(measured.case, norms=norms.for_contrast(contrast))
        paths = write_case(replace(measured, case=case), {}, {}, "", tmp_path / contrast)
        tables = (paths.nerve_measures, paths.asymmetry_measures)
        rows = [row for table in tables for row in read_table(table)]
        answers[contrast] = [row["within_healthy_range"] for row in rows]
    # C5 left length, left area 12.3, right area 9.0, T1 length; then C5 area 31 %, T1 length.
    assert answers["stir"] == ["no_norm", "no", "yes", "no_norm", "no", "no_norm"]
    assert answers["T2"] == ["no_norm"] * 6


def test_pooled_rows_name_their_nerves_and_say_why_there_is_no_number(tmp_path: Path) -> None:
    nerves = (Nerve.C5, Nerve.UPPER_TRUNK)
    pooled = (
        PooledComparison(Region.PLEXUS, Quantity.CSA_MEAN, nerves, 10.04, 2.0, 18.0, 1e-5, 0.0123),
        PooledComparison(Region.ROOTS, Quantity.CSA_MEAN, (), reason=ReasonCode.NERVE_LOST),
    )
    paths = write_case(replace(result(), pooled=pooled), {}, {}, "", tmp_path)
    write_group_tables(tmp_path)
    one, lost = read_table(paths.pooled_measures)
    assert (one["region"], one["nerves"]) == ("plexus", "C5+upper_trunk")
    assert (one["asymmetry_percent"], one["p_value"], one["q_value"]) == ("10.0", "1e-05", "0.012")
    assert (lost["nerves"], lost["asymmetry_percent"], lost["reason"]) == (
        *("n/a", "n/a", "NERVE_LOST"),
    )
    assert read_table(tmp_path / "group_pooled.tsv") == [one, lost]


def test_taper_rows_say_both_intervals_the_trend_and_why_there_is_no_number(
    tmp_path: Path,
) -> None:
    tapers = (
        Taper(
            *(Nerve.C6, Side.LEFT, 8.0, 25.0),
            *(12.34, 4.0, 21.0),
            *(1.2345, 1.08, 1.41),
        ),
        Taper(Nerve.C6, Side.RIGHT, reason=ReasonCode.TOO_SHORT),
    )
    paths = write_case(replace(result(), tapers=tapers), {}, {}, "", tmp_path)
    write_group_tables(tmp_path)
    one, lost = read_table(paths.taper_measures)
    assert (one["side"], one["trend"], one["within_healthy_range"]) == (
        *("L", "wider_distally", "no_norm"),
    )
    assert (float(one["taper_percent_per_10mm"]), float(one["ci_low"])) == (12.3, 4.0)
    assert float(one["distal_over_proximal"]) == pytest.approx(1.23, abs=0.006)
    assert (lost["taper_percent_per_10mm"], lost["trend"], lost["reason"]) == (
        *("n/a", "unknown", "TOO_SHORT"),
    )
    assert read_table(tmp_path / "group_taper.tsv") == [one, lost]


def with_muscles(case: CaseResult) -> CaseResult:
    """The case with one scalene sampled in two voxels, and the other outside the view."""
    voxels = np.array([[0, 1, 2], [1, 1, 2]], dtype=np.int32)
    one = MuscleSample(
        *(Muscle.SCALENES, Side.LEFT, np.array([1.25, np.nan])),
        *(125.04, 3.0, 12.34, 1.2512, 12.0, np.array([1.0, 2.0, 3.0])),
        voxels,
    )
    lost = MuscleSample(
        Muscle.SCALENES, Side.RIGHT, np.full(2, np.nan), reason=ReasonCode.MUSCLE_OUTSIDE
    )
    row = MuscleComparison(Muscle.SCALENES, 0, reason=ReasonCode.MUSCLE_ONE_SIDE)
    return replace(case, muscles=MuscleTable((one, lost), (row,)))


def test_muscle_rows_say_what_was_sampled_and_why_nothing_was(tmp_path: Path) -> None:
    paths = write_case(with_muscles(result()), {}, {}, "", tmp_path)
    write_group_tables(tmp_path)
    one, lost = read_table(paths.muscle_measures)
    assert [one[k] for k in ("muscle", "side", "places", "x_mm")] == ["scalenes", "L", "1", "1.00"]
    assert (float(one["signal_ratio"]), float(one["volume_mm3"])) == (1.251, 12.0)
    assert (one["verdict"], one["reason"]) == ("not_comparable", "MUSCLE_ONE_SIDE")
    assert (lost["signal"], lost["volume_mm3"], lost["reason"]) == ("n/a", "0.0", "MUSCLE_OUTSIDE")
    assert read_table(tmp_path / "group_muscle.tsv") == [one, lost]


def test_muscle_labels_lie_on_the_grid_of_the_image(tmp_path: Path) -> None:
    case = with_muscles(result())
    paths = write_case(case, {}, {}, "", tmp_path)
    stored = nib.load(paths.muscle_labels)
    assert stored.shape == case.case.image.grid.shape
    found = np.argwhere(np.asarray(stored.dataobj) == muscle_index(Side.LEFT, Muscle.SCALENES))
    expected = case.image.grid.to_world(case.muscles.samples[0].voxels.astype(float))
    world = found @ stored.affine[:3, :3].T + stored.affine[:3, 3]
    assert sorted(map(tuple, world.round(3))) == sorted(map(tuple, expected.round(3)))


def test_caveats_stand_in_the_dictionary_of_every_asymmetry_table(tmp_path: Path) -> None:
    paths = write_case(result(), {}, {}, "", tmp_path)
    write_group_tables(tmp_path)
    for path in (paths.asymmetry_measures, tmp_path / "group_asymmetry.tsv"):
        text = path.with_suffix(".json").read_text(encoding="utf-8")
        assert POOR_CORRELATION in text
        assert RESEARCH_USE in text


def test_every_column_of_every_table_is_in_its_dictionary(tmp_path: Path) -> None:
    write_case(result(), {}, {}, "", tmp_path)
    write_group_tables(tmp_path)
    tables = list(tmp_path.rglob("*.tsv"))
    # Nerves, profiles, asymmetry, pooled, taper, muscles, two of labels, five groups, exclusions.
    assert len(tables) == 14
    for path in tables:
        header = path.read_text(encoding="utf-8").splitlines()[0].split("\t")
        assert set(header) <= set(json.loads(path.with_suffix(".json").read_text()))


def test_every_quality_flag_has_a_text() -> None:
    levels = next(c.levels for c in NERVE_COLUMNS if c.name == "quality")
    assert set(levels) == {flag.word for flag in Quality} | {"good"}


def test_missing_number_without_reason_is_refused(tmp_path: Path) -> None:
    silent = Measurement(Nerve.C5, Side.LEFT, Quantity.LENGTH, float("nan"))
    broken = replace(result(), table=MeasurementTable((silent,)), asymmetry=())
    with pytest.raises(StageError, match="length_mm of C5 L is missing without a reason"):
        write_case(broken, {}, {}, "", tmp_path)


ORIENTATIONS = {
    "RAS": np.diag([1.0, 2.0, 3.0, 1.0]),
    "LPS": np.diag([-1.0, -2.0, 3.0, 1.0]),
    "PIR": np.array([[0, 0, 2.0, 1], [-1, 0, 0, 2], [0, -3, 0, 3], [0, 0, 0, 1]]),
    "LSP": LSP,
    "oblique": np.array(
        [[0, 0.1, 0.995, 1], [-0.995, 0.0995, -0.01, 2], [0.1, 0.99, -0.0995, 3], [0, 0, 0, 1]]
    ),
}


@pytest.mark.parametrize("affine", ORIENTATIONS.values(), ids=ORIENTATIONS)
def test_labels_return_to_the_stored_grid_voxel_for_voxel(
    tmp_path: Path, affine: np.ndarray
) -> None:
    case_result = result(affine=affine)
    stored = case_result.case.image
    paths = write_case(case_result, {}, {}, "", tmp_path)
    image = nib.load(paths.labels)
    # The labels were made from the voxel numbers in RAS order, so each voxel knows its own.
    np.testing.assert_array_equal(np.asarray(image.dataobj), stored.data.astype(int) % 7)
    np.testing.assert_allclose(image.affine, affine, atol=1e-6)  # float32 in the header
    assert image.get_data_dtype() == np.int16


def test_labels_on_another_grid_are_refused() -> None:
    case_result = result()
    moved = np.array(case_result.labels.grid.affine)
    moved[0, 3] += 0.5
    labels = LabelMap(case_result.labels.data, Grid(case_result.labels.grid.shape, moved))
    with pytest.raises(StageError, match="do not lie on the image's grid"):
        on_stored_grid(labels, case_result.case.image.grid)


def test_label_table_names_every_label(tmp_path: Path) -> None:
    rows = read_table(write_case(result(), {}, {}, "", tmp_path).label_table)
    found = {(r["side"], r["nerve"]): int(r["index"]) for r in rows}
    assert found == {(s.value, n.value): label_index(s, n) for s in Side for n in Nerve}


def test_same_result_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a", "b"):
        write_case(result(), {"x": 0.1 + 0.2}, {"f.svg": b"1"}, "h", tmp_path / name)
        write_group_tables(tmp_path / name)
        write_dataset_files(tmp_path / name, version="1.0")
    files = [p.relative_to(tmp_path / "a") for p in (tmp_path / "a").rglob("*") if p.is_file()]
    assert len(files) == 35
    for path in files:
        assert (tmp_path / "a" / path).read_bytes() == (tmp_path / "b" / path).read_bytes()


def test_figures_of_an_earlier_run_are_dropped(tmp_path: Path) -> None:
    write_case(result(), {}, {"old.svg": b"1", "kept.svg": b"1"}, "", tmp_path)
    paths = write_case(result(), {}, {"kept.svg": b"2"}, "", tmp_path)
    assert [p.name for p in (tmp_path / "sub-01" / "figures").iterdir()] == ["sub-01_kept.svg"]
    assert paths.figures[0].read_bytes() == b"2"


@pytest.mark.parametrize("damage", [b"subject\tsession\n01\n", b"\xff\xfe"])
def test_a_damaged_table_costs_its_own_case_alone(tmp_path: Path, damage: bytes) -> None:
    paths = {name: write_case(result(name), {}, {}, "", tmp_path) for name in ("01", "02")}
    paths["01"].nerve_measures.write_bytes(damage)
    write_group_tables(tmp_path)
    measures, comparisons, excluded = (
        read_table(tmp_path / f"group_{name}.tsv")
        for name in ("measures", "asymmetry", "excluded")
    )
    assert {row["subject"] for row in measures} == {"02"}
    assert {row["subject"] for row in comparisons} == {"01", "02"}
    assert [row["subject"] for row in excluded] == ["01"]
    assert excluded[0]["reason"].startswith("left out of group_measures: ")


def test_group_tables_gather_all_cases_in_order(tmp_path: Path) -> None:
    for subject, session in (("02", None), ("01", "2"), ("01", "1")):
        write_case(result(subject, session), {}, {}, "", tmp_path)
    write_group_tables(tmp_path)
    rows = read_table(tmp_path / "group_measures.tsv")
    assert [(r["subject"], r["session"]) for r in rows[::4]] == [
        ("01", "1"),
        ("01", "2"),
        ("02", "n/a"),
    ]
    assert len(read_table(tmp_path / "group_asymmetry.tsv")) == 6


def test_a_case_that_is_being_written_beside_is_not_gathered(tmp_path: Path) -> None:
    paths = write_case(result("01"), {}, {}, "", tmp_path)
    beside = paths.nerve_measures.with_name(f".tmp-1-2-{paths.nerve_measures.name}")
    beside.write_bytes(paths.nerve_measures.read_bytes()[:-30])
    write_group_tables(tmp_path)
    once = read_table(paths.nerve_measures)
    assert len(read_table(tmp_path / "group_measures.tsv")) == len(once)
    assert read_table(tmp_path / "group_excluded.tsv") == []


def test_group_tables_of_an_empty_study_have_a_header_only(tmp_path: Path) -> None:
    write_group_tables(tmp_path)
    lines = (tmp_path / "group_asymmetry.tsv").read_text().splitlines()
    assert lines == ["\t".join(c.name for c in ASYMMETRY_COLUMNS)]


def test_older_table_without_the_last_columns_is_gathered(tmp_path: Path) -> None:
    path = write_case(result(), {}, {}, "", tmp_path).nerve_measures
    with path.open(newline="") as stream:
        short = [row[:11] for row in csv.reader(stream, delimiter="\t")]
    path.write_text("".join("\t".join(row) + "\n" for row in short))
    write_group_tables(tmp_path)
    assert {r["standard_error"] for r in read_table(tmp_path / "group_measures.tsv")} == {"n/a"}


def test_dataset_description_says_who_made_it(tmp_path: Path) -> None:
    write_dataset_files(tmp_path, version="1.2.3")
    description = json.loads((tmp_path / "dataset_description.json").read_text())
    assert description["DatasetType"] == "derivative"
    assert description["GeneratedBy"] == [{"Name": "plexus-mri", "Version": "1.2.3"}]
    assert "group_*" in (tmp_path / ".bidsignore").read_text().splitlines()


@pytest.mark.parametrize("subject", ["", "sub-", "a/b", "..", "a b", "a_b", "Jö"])
def test_labels_that_bids_forbids_are_refused(subject: str) -> None:
    with pytest.raises(SettingsError, match="may hold letters and digits only"):
        case_stem(subject, None)


def test_a_case_left_out_is_in_no_group_table_and_its_reason_is_listed(tmp_path: Path) -> None:
    write_case(result(), {}, {}, "", tmp_path)
    subject = result().case.subject.removeprefix("sub-")
    session = (result().case.session or "").removeprefix("ses-")
    write_group_tables(tmp_path, left_out={(subject, session): "nerves rated fail by AB"})
    for name in ("group_measures", "group_asymmetry"):
        assert read_table(tmp_path / f"{name}.tsv") == []
    (row,) = read_table(tmp_path / "group_excluded.tsv")
    assert (row["subject"], row["reason"]) == (subject, "nerves rated fail by AB")
