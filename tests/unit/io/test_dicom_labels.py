"""A DICOM segmentation gives the labels and places of the mask that it was made from."""

import warnings
from pathlib import Path

import highdicom as hd
import numpy as np
import pydicom
import pytest
from pydicom.sr.codedict import codes

from plexus_mri.core.anatomy import Nerve, Side
from plexus_mri.core.volume import Volume
from plexus_mri.errors import InputError
from plexus_mri.io.dicom_labels import read_dicom_labels
from plexus_mri.io.dicom_write import SyntheticSeries, in_plane, write_single_frames
from plexus_mri.io.mask import read_own_mask
from plexus_mri.reasons import ReasonCode
from tests.unit.io.test_dicom_write import image, oblique

SEGMENTS = (1, 2, 5)


def label_of(values: np.ndarray) -> np.ndarray:
    """Segment of a voxel by its value; few slices of the image hold any."""
    inside = (values > 40) & (values < 200)
    return np.where(inside, np.array([0, *SEGMENTS])[values.astype(int) % 4], 0).astype(np.uint8)


def segmentation(folder: Path, *, kind="BINARY", numbers=SEGMENTS) -> tuple[Path, Volume]:
    """DICOM SEG of an oblique image, and the image."""
    source = image(oblique())
    files = write_single_frames(
        in_plane(source, "coronal"), folder / "s", SyntheticSeries("07", 3)
    )
    datasets = [pydicom.dcmread(file) for file in files]
    pixels = np.stack([label_of(d.pixel_array) for d in datasets])
    planes = np.stack([pixels == number for number in SEGMENTS], axis=-1)
    stored = {"BINARY": planes, "FRACTIONAL": planes.astype(float), "LABELMAP": pixels}[kind]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # highdicom on the odd identifiers of the synthetic series
        made = hd.seg.Segmentation(
            source_images=datasets,
            pixel_array=stored,
            segmentation_type=kind,
            segment_descriptions=[_described(n) for n in numbers],
            series_instance_uid=hd.UID(),
            series_number=9,
            sop_instance_uid=hd.UID(),
            instance_number=1,
            manufacturer="none",
            manufacturer_model_name="none",
            software_versions="0",
            device_serial_number="0",
        )
    made.save_as(folder / "mask.dcm")
    return folder / "mask.dcm", source


def _described(number: int) -> hd.seg.SegmentDescription:
    return hd.seg.SegmentDescription(
        segment_number=number,
        segment_label=f"nerve {number}",
        segmented_property_category=codes.SCT.AnatomicalStructure,
        segmented_property_type=codes.SCT.Nerve,
        algorithm_type=hd.seg.SegmentAlgorithmTypeValues.MANUAL,
    )


@pytest.mark.parametrize("kind", ["BINARY", "LABELMAP"])
def test_every_voxel_has_the_segment_of_its_place(tmp_path: Path, kind: str) -> None:
    numbers = (1, 2, 3) if kind == "BINARY" else SEGMENTS
    path, source = segmentation(tmp_path, kind=kind, numbers=numbers)
    labels, grid = read_dicom_labels(path)
    points = grid.to_world(np.argwhere(np.ones(grid.shape)).astype(float))
    values = np.rint(source.sample(points)).astype(int).reshape(grid.shape)
    number = dict(zip((0, *SEGMENTS), (0, *numbers), strict=True))
    expected = np.vectorize(number.get)(label_of(values))
    assert np.array_equal(labels, expected)
    assert set(np.unique(labels)) == {0, *numbers}


def test_it_is_an_own_mask_beside_its_table(tmp_path: Path) -> None:
    path, source = segmentation(tmp_path, numbers=(1, 2, 3))
    table = tmp_path / "labels.tsv"
    table.write_text("index\tnerve\tside\n1\tC5\tL\n2\tC6\tL\n3\tignore\tL\n", "utf-8")
    mask = read_own_mask(path, table, source.grid)
    assert dict(mask.nerve_of_index) == {1: (Side.LEFT, Nerve.C5), 2: (Side.LEFT, Nerve.C6)}
    assert set(np.unique(mask.labels.data)) == {0, 1, 2}


def changed(path: Path, change) -> Path:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of pydicom, about what is broken on purpose
        dataset = pydicom.dcmread(path)
        change(dataset)
        dataset.save_as(path)
    return path


def fewer_frames(dataset) -> None:
    dataset.NumberOfFrames = int(dataset.NumberOfFrames) - 1


def undescribed_segment(dataset) -> None:
    frame = dataset.PerFrameFunctionalGroupsSequence[0]
    frame.SegmentIdentificationSequence[0].ReferencedSegmentNumber = 9


def doubled_segment(dataset) -> None:
    dataset.SegmentSequence[1].SegmentNumber = 1


def name_for_a_type(dataset) -> None:
    dataset.SegmentationType = "SMITH^JOHN"


@pytest.mark.parametrize(
    "change", [fewer_frames, undescribed_segment, doubled_segment, name_for_a_type]
)
def test_what_contradicts_itself_is_refused_without_the_headers_words(tmp_path, change) -> None:
    path, _ = segmentation(tmp_path, numbers=(1, 2, 3))
    with pytest.raises(InputError, match="export it again") as caught:
        read_dicom_labels(changed(path, change))
    assert "SMITH" not in str(caught.value)


def test_shares_of_segments_are_refused(tmp_path: Path) -> None:
    path, _ = segmentation(tmp_path, kind="FRACTIONAL", numbers=(1, 2, 3))
    with pytest.raises(InputError, match="shares of segments") as caught:
        read_dicom_labels(path)
    assert caught.value.reason is ReasonCode.MASK_LABELS


def test_an_image_is_no_mask(tmp_path: Path) -> None:
    file = write_single_frames(in_plane(image(), "coronal"), tmp_path, SyntheticSeries("07", 3))[0]
    with pytest.raises(InputError, match="is DICOM, but no segmentation") as caught:
        read_dicom_labels(file)
    assert caught.value.reason is ReasonCode.MASK_LABELS


def test_a_damaged_mask_is_told_in_a_sentence(tmp_path: Path) -> None:
    path, _ = segmentation(tmp_path, numbers=(1, 2, 3))
    whole = path.read_bytes()
    for size in (140, 600, len(whole) // 2, len(whole) - 40):
        path.write_bytes(whole[:size])
        with pytest.raises(InputError) as caught:
            read_dicom_labels(path)
        assert "mask.dcm" in str(caught.value)
