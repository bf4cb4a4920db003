"""An output folder of one finished case, with what corrections are checked against."""

from pathlib import Path

import numpy as np

from plexus_mri.batch.status import CaseState, CaseStatus, write_status
from plexus_mri.batch.steps import StepStore
from plexus_mri.batch.work_folder import case_folder
from plexus_mri.core.anatomy import Nerve, Side, label_index
from plexus_mri.core.grid import Grid
from plexus_mri.core.volume import LabelMap
from plexus_mri.io.case_rows import label_rows
from plexus_mri.io.columns import LABEL_COLUMNS
from plexus_mri.io.derivatives import case_paths
from plexus_mri.io.nifti import write_labels
from plexus_mri.io.tables import write_json, write_table
from tests.unit.registration.test_frame import frame_and_nerve
from tests.unit.shapes import grid_of, tube_volume

INPUT, AUTOMATIC = "1" * 64, "a" * 64
C6_RIGHT = label_index(Side.RIGHT, Nerve.C6)
C6_LEFT = label_index(Side.LEFT, Nerve.C6)
_COURSE = [[8, 0, 20], [18, 3, 5], [28, 2, -20]]


def nerve_labels(index: int = C6_RIGHT) -> LabelMap:
    """A tube on the patient's right under the number of a nerve."""
    image = tube_volume(grid_of((80, 40, 60)), [(_COURSE, 2.0, 100.0)])
    return LabelMap((image.data > 100).astype(np.int16) * index, image.grid)


def write_finished_case(out: Path, *warnings: dict[str, str], correction: object = None) -> Path:
    """Status, summary, label map and stored midline of the case ``sub-01``."""
    paths = case_paths(out, "01", None)
    write_status(out, [CaseStatus("01", None, CaseState.FINISHED, input_sha256=INPUT)])
    write_labels(paths.labels, nerve_labels())
    write_table(paths.label_table, LABEL_COLUMNS, label_rows())
    write_summary(out, *warnings, correction=correction)
    frame = frame_and_nerve(12.0)[0]
    StepStore(case_folder(out, "01", None), {"frame": "0" * 64})("frame", lambda: frame)
    return out


def write_summary(
    out: Path, *warnings: dict[str, str], labels: str = AUTOMATIC, correction: object = None
) -> None:
    summary = {
        "schema_version": "1",
        "subject": "01",
        "session": None,
        "inputs": {"source_sha256": "b" * 64},
        "segmentation": {"mask_sha256": labels, "correction": correction},
        "settings": {},
        "software": {},
        "warnings": warnings,
    }
    write_json(case_paths(out, "01", None).summary, summary)


def edited(path: Path, index: int = C6_RIGHT, *, crumb: bool = False, grid: Grid | None = None):
    """Edited label map as a file; with a crumb far away from the nerve, or on another grid."""
    labels = nerve_labels(index)
    data = np.array(labels.data)
    if crumb:
        data[2:4, 2:4, 2:4] = index
    write_labels(path, LabelMap(data, grid or labels.grid))
    return path
