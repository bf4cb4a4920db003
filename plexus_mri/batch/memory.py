"""Memory that a case will need, from its header: two large cases do not start together."""

import math

from plexus_mri.batch.case_job import CaseJob

# Peak of measured cases, rounded up (ADR-71): what the libraries take, and what a voxel takes
# (the image and its copies as float32 and float64, filters of detection, labels).
_LIBRARIES_MB = 450.0
_BYTES_OF_VOXEL = 110.0
_MB = 1_000_000


def expected_memory_mb(job: CaseJob) -> float:
    """Largest memory of a case in MB, by the shape of its image."""
    voxels = math.prod(job.row.shape or (0,))
    return _LIBRARIES_MB + _BYTES_OF_VOXEL * voxels / _MB
