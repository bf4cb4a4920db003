"""simulate: from the spec of a synthetic case to its image and truth."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.spatial.transform import Rotation

from plexus_mri.core.anatomy import NerveKey, Side
from plexus_mri.core.centerline import Centerline
from plexus_mri.core.grid import FloatArray, Grid
from plexus_mri.core.volume import LabelMap, Volume
from plexus_mri.synthetic.acquire import acquire
from plexus_mri.synthetic.body import Painter
from plexus_mri.synthetic.canvas import Canvas
from plexus_mri.synthetic.clutter import clutter_parts
from plexus_mri.synthetic.nerve_layer import draw_nerves
from plexus_mri.synthetic.plexus import NervePath, PlexusBuilder
from plexus_mri.synthetic.posture import Posture
from plexus_mri.synthetic.spec import AcquisitionSpec, PhantomSpec
from plexus_mri.synthetic.spine import canal_centerline
from plexus_mri.synthetic.storage import stored_as
from plexus_mri.synthetic.tissue import (
    RELAXATION,
    SignalScale,
    Tissue,
    relative_signal,
    signal_scale,
)
from plexus_mri.synthetic.truth import PhantomTruth, TruthNerve


@dataclass(frozen=True, eq=False)
class SimulatedCase:
    """An image, what is true of it, and the spec it was made from."""

    image: Volume
    truth: PhantomTruth
    spec: PhantomSpec


def simulate(spec: PhantomSpec) -> SimulatedCase:
    """Image and truth of one synthetic case; the same spec gives the same bytes.

    The nerves are drawn last, so no neighbour cuts into them: every voxel's nerve part is the
    exact share of the true tubes in it.
    """
    grid = acquisition_grid(spec.acquisition)
    posture = Posture(spec.anatomy)
    scale = signal_scale(spec.acquisition, spec.anatomy.nerve_t2_ms, spec.anatomy.muscle_t2_ms)
    paths = [path for side in Side for path in PlexusBuilder(spec, posture, side).paths()]
    paths.sort(key=lambda path: path.key is None)
    shown = paths if spec.anatomy.nerves else []
    signals = [nerve_signal(path, spec.acquisition, scale) for path in shown]
    layer = draw_nerves(grid, shown, signals)
    canvas = Canvas(grid)
    # What lies beside the nerves lies there without them too.
    Painter(spec, posture, scale).body(
        canvas, [path.sheath(spec.seed) for path in shown], clutter_parts(spec, posture, paths)
    )
    canvas.nerves(layer.share, layer.signal)
    image = acquire(canvas, posture, spec.acquisition, scale, spec.seed)
    labels = stored_as(LabelMap(layer.labels, grid), spec.acquisition.axis_codes)
    truth = PhantomTruth(
        truth_nerves(shown, signals, scale),
        spec.lesions,
        labels,
        canal_centerline(posture),
        posture.world_from_patient,
        scale.muscle,
        scale.noise_sigma,
    )
    return SimulatedCase(stored_as(Volume(image, grid), spec.acquisition.axis_codes), truth, spec)


def acquisition_grid(acquisition: AcquisitionSpec) -> Grid:
    """Grid of the image in RAS axis order, its centre at ``center_mm``."""
    rotation = Rotation.from_euler("x", acquisition.grid_tilt_deg, degrees=True).as_matrix()
    affine = np.eye(4)
    affine[:3, :3] = rotation * np.array(acquisition.spacing_mm)
    middle = (np.array(acquisition.shape) - 1) / 2
    affine[:3, 3] = np.array(acquisition.center_mm) - affine[:3, :3] @ middle
    return Grid(acquisition.shape, affine)


def nerve_signal(path: NervePath, acquisition: AcquisitionSpec, scale: SignalScale) -> FloatArray:
    """Intensity (n,) of a nerve at its nodes, from its relaxation times."""
    density = scale.unit * RELAXATION[Tissue.NERVE].density
    signals = [
        density * float(relative_signal(acquisition, t1_ms, t2_ms))
        for t1_ms, t2_ms in zip(path.section.t1_ms, path.section.t2_ms, strict=True)
    ]
    return np.array(signals)


def truth_nerves(
    paths: Sequence[NervePath], signals: Sequence[FloatArray], scale: SignalScale
) -> dict[NerveKey, TruthNerve]:
    """Truth of the named nerves, from arc length 0 on."""
    nerves = {}
    for path, signal in zip(paths, signals, strict=True):
        if path.key is None:
            continue
        outer, section = slice(path.start, None), path.section
        nerves[path.key] = TruthNerve(
            Centerline(path.points_mm[outer]),
            section.csa_mm2[outer],
            section.long_mm[outer],
            section.short_mm[outer],
            path.long_axis[outer],
            section.angle_deg[outer],
            signal[outer],
            signal[outer] / scale.muscle,
        )
    return nerves
