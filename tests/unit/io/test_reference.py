"""Norms from YAML: the published ones, and a user's own, read strictly."""

from pathlib import Path

import pytest

from plexus_mri.core.anatomy import Nerve
from plexus_mri.core.measurement import Quantity
from plexus_mri.core.norms import Modality
from plexus_mri.errors import SettingsError
from plexus_mri.io.reference import read_norms

HEAD = """
sources:
  ours: {name: Ours, citation: Own, modality: MRI, contrasts: [STIR], method: m, people: p}
values:
  - """
GOOD = "{nerve: C6, quantity: csa_mean_mm2, n: 45, source: ours, mean: 9.4, sd: 1.5}"


@pytest.fixture
def read(tmp_path):
    def reader(text):
        path = tmp_path / "own.yaml"
        path.write_text(text, encoding="utf-8")
        return read_norms(path)

    return reader


def test_the_built_in_norms_hold_no_mri_norm_and_each_has_its_source():
    norms = read_norms()
    assert norms.norms
    assert Modality.MRI not in {norm.source.modality for norm in norms.norms}
    assert all(norm.source.citation and norm.n >= 10 for norm in norms.norms)


def test_areas_of_95_people_are_those_of_won_2012():
    """Won 2012, abstract: mean ± sd in mm², and 11.91 ± 11.11 % between the sides."""
    won = [n for n in read_norms().norms if n.source.name == "Won 2012"]
    assert [(n.nerve.value, n.mean, n.sd) for n in won] == [
        ("C5", 5.66, 1.02), ("C6", 8.98, 1.65), ("C7", 10.43, 1.86), ("C8", 10.76, 2.02),
        ("upper_trunk", 16.70, 2.88), ("middle_trunk", 14.01, 2.70), ("lower_trunk", 13.75, 2.57),
    ]  # fmt: skip
    spreads = {(n.side_difference_mean_percent, n.side_difference_sd_percent) for n in won}
    assert spreads == {(11.91, 11.11)}
    assert {n.n for n in won} == {95}


def test_own_controls_take_the_place_of_the_built_in_ones(read):
    norms = read(HEAD + GOOD)
    (norm,) = norms.norms
    assert norms.for_contrast("STIR").applied(Nerve.C6, Quantity.CSA_MEAN) is norm
    assert (norm.mean, norm.sd, norm.n) == (9.4, 1.5, 45)
    assert norms.digest != read_norms().digest


def test_the_example_in_the_built_in_file_can_be_read(read):
    lines = Path("configs/reference.yaml").read_text(encoding="utf-8").splitlines()
    start = lines.index("# sources:")
    example = [line[2:] for line in lines[start:] if line.startswith("# ")]
    (norm,) = read("\n".join(example)).norms
    assert norm.source.modality is Modality.MRI


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (HEAD + GOOD.replace("C6", "C9"), r"values\[0\].nerve must be one of C5, .*, got 'C9'"),
        (HEAD + GOOD.replace("csa_mean", "csa"), r"values\[0\].quantity must be one of"),
        (HEAD + GOOD.replace("n: 45, ", ""), r"values\[0\].n is missing"),
        (HEAD + GOOD.replace("45", "4.5"), r"values\[0\].n must be a whole number, got 4.5"),
        (HEAD + GOOD.replace("9.4", "wide"), r"values\[0\].mean must be a number, got 'wide'"),
        (HEAD + GOOD.replace("mean:", "meen:"), r"values\[0\] unknown key meen"),
        (HEAD + GOOD.replace("ours", "theirs"), "source 'theirs', there are: ours"),
        (HEAD + GOOD.replace(", sd: 1.5", ""), "C6 csa_mean_mm2: a mean needs its sd"),
        (HEAD + GOOD + "\n  - " + GOOD, "C6 csa_mean_mm2 has two norms for STIR"),
        (HEAD.replace("MRI", "CT") + GOOD, "modality must be one of MRI, ultrasound, histology"),
        (HEAD.replace("[STIR]", "[]") + GOOD, "source 'ours': 'contrasts' are needed for MRI"),
        ("values: 3", "values must hold"),
        ("values: [3]", r"values\[0\] must hold"),
        ("norms: []", "unknown key norms"),
        ("values: [", "bad YAML in 'own.yaml'"),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_trusted_is_refused_by_name_and_place(read, text, sentence):
    with pytest.raises(SettingsError, match=sentence) as refused:
        read(text)
    assert "own.yaml" in str(refused.value)
    assert str(refused.value).count("\n") == 0


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(SettingsError, match=r"'none.yaml' does not exist"):
        read_norms(tmp_path / "none.yaml")
