"""Whatever happens to the bytes of a file, it is read or refused with a reason."""

import contextlib
import io
from pathlib import Path

import nibabel as nib
import numpy as np
import pydicom
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydicom.uid import JPEGLSLossless, RLELossless

from plexus_mri.core.grid import Grid
from plexus_mri.core.volume import Volume
from plexus_mri.errors import PlexusError
from plexus_mri.io.dicom_write import SyntheticSeries, write_enhanced, write_single_frames
from plexus_mri.io.inventory import read_series, take_inventory

EDITS = st.lists(
    st.tuples(
        st.sampled_from(["set", "cut", "insert", "copy"]),
        st.floats(0, 1, exclude_max=True),
        st.binary(min_size=1, max_size=8),
    ),
    min_size=1,
    max_size=6,
)
SLOW = settings(
    max_examples=60,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def mutated(content: bytes, edits: list[tuple[str, float, bytes]]) -> bytes:
    """Bytes with pieces overwritten, cut out, put in or copied from elsewhere."""
    data = bytearray(content)
    for how, place, piece in edits:
        at = int(place * len(data))
        if how == "set":
            data[at : at + len(piece)] = piece
        elif how == "cut":
            del data[at : at + 1 + piece[0]]
        elif how == "insert":
            data[at:at] = piece
        else:
            data[at:at] = data[piece[0] : piece[0] + len(piece)]
    return bytes(data)


@pytest.fixture(scope="module")
def originals(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """Bytes of small files of each kind."""
    folder = tmp_path_factory.mktemp("originals")
    values = np.arange(8 * 9 * 10).reshape(8, 9, 10).astype("float32")
    volume = Volume(values, Grid(values.shape, np.diag([1.0, 1.0, 2.0, 1.0])))
    series = SyntheticSeries("x", 1)
    single = write_single_frames(volume, folder, series)[0]
    enhanced = write_enhanced(volume, folder / "enhanced.dcm", series)
    found = {"single.dcm": single.read_bytes(), "enhanced.dcm": enhanced.read_bytes()}
    for name, syntax in (("rle.dcm", RLELossless), ("jpegls.dcm", JPEGLSLossless)):
        dataset = pydicom.dcmread(enhanced)
        dataset.compress(syntax, generate_instance_uid=False)
        stream = io.BytesIO()
        dataset.save_as(stream)
        found[name] = stream.getvalue()
    for name in ("image.nii", "image.nii.gz", "image.nii.bz2"):
        nib.save(nib.Nifti1Image(values, volume.grid.affine), folder / name)
        found[name] = (folder / name).read_bytes()
    return found


KINDS = ("single.dcm", "enhanced.dcm", "rle.dcm", "jpegls.dcm")
KINDS += ("image.nii", "image.nii.gz", "image.nii.bz2")


@pytest.mark.parametrize("name", KINDS)
@SLOW
@given(edits=EDITS)
def test_mutated_bytes_are_read_or_refused(
    originals: dict[str, bytes], tmp_path: Path, name: str, edits: list[tuple[str, float, bytes]]
) -> None:
    path = tmp_path / name
    path.write_bytes(mutated(originals[name], edits))
    with contextlib.suppress(PlexusError):
        for row in take_inventory(path).rows:
            assert row.reason is not None or row.chosen
            with contextlib.suppress(PlexusError):
                assert np.isfinite(read_series(row)[0].data).all()
