"""Memory that a case will need, from its header: two large cases do not start together."""

import math

from plexus_mri.batch.case_job import CaseJob
from plexus_mri.core.network import NetworkLibrary, NetworkModel

# Peak of measured cases, rounded up (ADR-71): what the libraries take, and what a voxel takes
# (the image and its copies as float32 and float64, filters of detection, labels).
_LIBRARIES_MB = 450.0
_BYTES_OF_VOXEL = 110.0
_MB = 1_000_000
# A network of 31 million weights with a window of 32 x 128 x 128 voxels took 450 MB beside the
# rest; PyTorch and nnU-Net are larger by themselves. For each label and voxel one sum in half
# precision, which nnU-Net resamples in double precision (ADR-92). Not measured on whole cases.
_NETWORK_MB = {NetworkLibrary.ONNX: 600.0, NetworkLibrary.NNUNET: 1500.0}
_BYTES_OF_OUTPUT = {NetworkLibrary.ONNX: 4.0, NetworkLibrary.NNUNET: 12.0}


def expected_memory_mb(job: CaseJob) -> float:
    """Largest memory of a case in MB, by the shape of its image."""
    voxels = math.prod(job.row.shape or (0,))
    own = _LIBRARIES_MB + _BYTES_OF_VOXEL * voxels / _MB
    return own if job.model is None else own + _of_network(job.model, voxels)


def _of_network(model: NetworkModel, voxels: int) -> float:
    """Memory in MB that a network takes beside the rest."""
    outputs = (len(model.labels) + 1) * voxels
    return _NETWORK_MB[model.library] + _BYTES_OF_OUTPUT[model.library] * outputs / _MB
