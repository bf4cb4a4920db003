"""Flags of each node, and how wide it is in voxels: what is known against its numbers."""

import numpy as np

from plexus_mri.core.grid import FloatArray
from plexus_mri.core.measurement import Quality
from plexus_mri.core.nerve_tree import TracedNerve
from plexus_mri.core.volume import Volume
from plexus_mri.measure.nerve_curve import NerveCurve
from plexus_mri.measure.section_fits import SectionFits
from plexus_mri.measure.settings import MeasureSettings

_FULL_VIEW = 0.95


def node_quality(
    image: Volume,
    traced: TracedNerve,
    curve: NerveCurve,
    fits: SectionFits,
    reference: FloatArray,
    settings: MeasureSettings,
) -> tuple[Quality, ...]:
    """One flag per node (n,)."""
    thin = _diameter(fits) < settings.thin_voxels * _voxel_across(image, curve)
    arc = curve.arc_length_mm
    joins = [np.abs(arc - j) <= settings.junction_reach_mm for j in traced.junction_mm]
    junction = np.any([fits.merged, *joins], axis=0)
    bridged = [(arc >= a) & (arc <= b) for a, b in traced.bridges_mm]
    doubt = np.full(len(arc), traced.confidence < settings.least_confidence)
    masks = {
        Quality.THIN: thin,
        Quality.TOUCHING: fits.gap_mm < settings.touching_gap_mm,
        Quality.POOR_FIT: ~fits.trusted(settings),
        Quality.EDGE_OF_VIEW: fits.share_in_view < _FULL_VIEW,
        Quality.NO_REFERENCE: ~np.isfinite(reference),
        Quality.LOW_CONFIDENCE: doubt,
        Quality.JUNCTION: junction,
        Quality.BRIDGED: np.any([np.zeros(len(arc), bool), *bridged], axis=0),
        Quality.COARSE: coarseness(image, curve, fits) * settings.coarse_voxels > 1.0,
    }
    return tuple(
        _joined([flag for flag, mask in masks.items() if mask[k]]) for k in range(len(arc))
    )


def coarseness(image: Volume, curve: NerveCurve, fits: SectionFits) -> FloatArray:
    """Longest voxel edge across the nerve over its diameter (n,).

    The edge is the one seen along the nerve: the slice, unless the nerve crosses it.
    """
    plane = np.stack([curve.first, curve.second], axis=1) @ image.grid.affine[:3, :3]
    ratio: FloatArray = np.linalg.norm(plane, axis=1).max(axis=1) / _diameter(fits)
    return ratio


def _diameter(fits: SectionFits) -> FloatArray:
    """Fitted diameter in mm (n,)."""
    diameter: FloatArray = 2.0 * np.exp(fits.log_radius)
    return diameter


def _joined(flags: list[Quality]) -> Quality:
    """All flags in one."""
    whole = Quality.GOOD
    for flag in flags:
        whole |= flag
    return whole


def _voxel_across(image: Volume, curve: NerveCurve) -> FloatArray:
    """Edge (n,) of a voxel seen along the nerve: the side of a square of the same spread."""
    axes = image.grid.affine[:3, :3]
    plane = np.stack([curve.first, curve.second], axis=1) @ axes
    spread: FloatArray = np.linalg.det(plane @ plane.transpose(0, 2, 1)) ** 0.25
    return spread
