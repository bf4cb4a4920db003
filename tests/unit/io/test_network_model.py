"""A model folder is read strictly, and only what lies inside it."""

from pathlib import Path

import pytest

from plexus_mri.core.anatomy import Nerve, Side
from plexus_mri.core.network import NetworkLibrary, Normalization
from plexus_mri.errors import InputError
from plexus_mri.io.mask import read_label_table
from plexus_mri.io.network_model import read_network_model
from plexus_mri.reasons import ReasonCode
from tests.network_models import STAGE, TABLE, write_manifest


@pytest.fixture
def folder(tmp_path):
    place = tmp_path / "model"
    place.mkdir()
    (place / "net.onnx").write_bytes(b"weights")
    (tmp_path / "outside.onnx").write_bytes(b"weights")
    write_manifest(place, {})
    return place


def stage(**changes):
    return {"stages": [STAGE | changes]}


def test_manifest_and_label_table_make_a_model(folder):
    model = read_network_model(folder)
    assert (model.name, model.library, model.words) == ("tiny", NetworkLibrary.ONNX, "tiny 1")
    assert model.labels == {1: (Side.LEFT, Nerve.C5), 2: (Side.RIGHT, Nerve.C5)}
    assert model.stages[0].normalization is Normalization.NONE
    assert set(model.files) == {"model.yaml", "labels.tsv", "net.onnx"}


def test_labels_of_ganglia_are_known_to_the_model(folder):
    table = "index\tnerve\tside\tpart\n1\tC5\tL\tganglion\n2\tC5\tL\t\n3\tC5\tL\t\n"
    write_manifest(folder, {}, table)
    model = read_network_model(folder)
    assert model.ganglia == {1}
    assert set(model.labels.values()) == {(Side.LEFT, Nerve.C5)}


def test_the_fingerprint_changes_with_weights_table_and_manifest_alone(folder):
    seen = {read_network_model(folder).sha256}
    (folder / "notes.txt").write_text("nothing of it is used")
    assert read_network_model(folder).sha256 in seen
    (folder / "net.onnx").write_bytes(b"other weights")
    seen.add(read_network_model(folder).sha256)
    write_manifest(folder, {}, TABLE.replace("C5", "C6"))
    seen.add(read_network_model(folder).sha256)
    write_manifest(folder, stage(normalization="zscore"), TABLE.replace("C5", "C6"))
    seen.add(read_network_model(folder).sha256)
    assert len(seen) == 4


def test_weights_that_changed_since_they_were_hashed_are_refused(folder):
    weights = read_network_model(folder).stages[0].weights
    assert weights.read() == b"weights"
    (folder / "net.onnx").write_bytes(b"swapped")
    with pytest.raises(InputError, match=r"'net\.onnx' changed while"):
        weights.read()


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"stages": [{k: v for k, v in STAGE.items() if k != "patch"}]}, r"patch is missing"),
        (stage(patch=[8, 8]), r"stages\[0\]"),
        (stage(patch=[8, 8, "many"]), "must be a whole number, got 'many'"),
        (stage(patch=[4096, 4096, 4096]), "patch must hold 1 to"),
        (stage(spacing_mm=[1, 1, 0]), "spacing_mm must be 0.1 to 20.0"),
        (stage(spacing_mm=[1e-300] * 3), "spacing_mm must be 0.1 to 20.0"),
        (stage(file="x" * 5000), "cannot be looked at"),
        (stage(spacing_mm=[1, 1, ".nan"]), "must be a number"),
        (stage(orientation="RAL"), "orientation must be three letters"),
        (stage(orientation="up"), "orientation must be three letters"),
        (stage(normalization="histogram"), "must be one of zscore"),
        (stage(mirrored_axes=[3]), "mirrored_axes are of 0, 1 and 2"),
        (stage(previous="labels"), "'previous' belongs to the second stage"),
        ({"stages": []}, "stages must be one or two, got 0"),
        ({"stages": [STAGE] * 3}, "stages must be one or two, got 3"),
        ({"stages": [STAGE, STAGE]}, "'previous' belongs to the second stage"),
        ({"library": "pickle"}, "must be one of onnx, nnunet"),
        ({"name": "/home/somebody/model"}, "without slashes"),
        ({"name": "x" * 81}, "1 to 80 letters"),
        ({"sha256": "0"}, "unknown key sha256"),
        (stage(file="../outside.onnx"), "not inside the model's own folder"),
        (stage(file="/etc/hostname"), "not inside the model's own folder"),
        (stage(file="absent.onnx"), "the file 'absent.onnx' does not exist"),
        (stage(file="."), "the file '.' does not exist"),
        (stage(file=""), "not inside"),
    ],
)
def test_a_manifest_that_is_wrong_is_refused_with_its_place(folder, changes, sentence):
    write_manifest(folder, changes)
    with pytest.raises(InputError, match=sentence) as caught:
        read_network_model(folder)
    assert caught.value.reason is ReasonCode.MODEL_UNUSABLE
    assert "\n" not in str(caught.value)
    assert "docs/networks.md" in str(caught.value)


@pytest.mark.parametrize("text", ["", "- a\n- list\n", "name: [1", "name: &a [*a]\n", "\x00"])
def test_a_manifest_that_is_no_mapping_is_refused(folder, text):
    (folder / "model.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=r"model\.yaml") as caught:
        read_network_model(folder)
    assert caught.value.reason is ReasonCode.MODEL_UNUSABLE


def test_a_folder_without_a_manifest_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"holds no 'model\.yaml'"):
        read_network_model(tmp_path)
    with pytest.raises(InputError, match="'nothing' does not exist or is no folder"):
        read_network_model(tmp_path / "nothing")


def test_a_link_that_leads_to_itself_is_refused(folder):
    (folder / "net.onnx").unlink()
    (folder / "net.onnx").symlink_to("net.onnx")
    with pytest.raises(InputError, match=r"'net\.onnx' cannot be looked at"):
        read_network_model(folder)


def test_a_link_out_of_the_folder_is_refused(folder):
    (folder / "net.onnx").unlink()
    (folder / "net.onnx").symlink_to(folder.parent / "outside.onnx")
    with pytest.raises(InputError, match="not inside the model's own folder"):
        read_network_model(folder)


@pytest.mark.parametrize(
    ("table", "sentence"),
    [
        ("index\tnerve\tside\n1\tC5\tL\n3\tC5\tR\n", r"does not name the labels \[2\]"),
        ("index\tnerve\tside\n1\t\tL\n", "gives index 1 no nerve"),
        ("index\tnerve\tside\n1\tC5\t\n", "gives index 1 the side ''"),
        ("index\tnerve\tside\n", "names no nerve"),
    ],
)
def test_a_label_without_a_nerve_is_refused(folder, table, sentence):
    write_manifest(folder, {}, table)
    with pytest.raises(InputError, match=sentence) as caught:
        read_network_model(folder)
    assert caught.value.reason is ReasonCode.MASK_LABELS


def test_the_table_of_bpseg_names_ganglion_and_root_of_each_level():
    table = Path(__file__).resolve().parents[3] / "configs/labels_bpseg.tsv"
    read = read_label_table(table)
    nerves = read.nerve_of_index
    assert (len(nerves), len(set(nerves.values())), read.ignored) == (16, 8, frozenset())
    assert read.ganglia == set(range(1, 9))
    assert all(nerves[index] == nerves[index + 8] for index in range(1, 9))
    assert nerves[1] == (Side.RIGHT, Nerve.C5)
