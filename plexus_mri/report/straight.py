"""Curved planar reformats: the image along a nerve, laid straight.

Shapes: ``r`` rows across the nerve, cranial first; ``c`` columns along it; ``k`` measured nodes.
"""

from dataclasses import dataclass

import numpy as np

from plexus_mri.core.anatomy import NerveKey
from plexus_mri.core.case import CaseResult
from plexus_mri.core.centerline import Centerline
from plexus_mri.core.grid import FloatArray
from plexus_mri.core.measurement import Profile
from plexus_mri.report.planes import section_axes


@dataclass(frozen=True, eq=False)
class Straight:
    """A nerve laid straight, and the borders of its fitted sections in that plane.

    Parameters
    ----------
    pixels : (r, c)
        Intensities; the first column is node 0, the first row the most cranial.
    pixel_mm
        Size of a pixel, the same along and across.
    border_arc_mm : (k,)
        Places of the measured nodes along the nerve.
    border_mm : (k, 2)
        Caudal and cranial border of the fitted section, from the traced line, positive to
        cranial; NaN where nothing was fitted.
    """

    pixels: FloatArray
    pixel_mm: float
    border_arc_mm: FloatArray
    border_mm: FloatArray

    @property
    def length_mm(self) -> float:
        """Length of the straightened stretch."""
        return float(self.pixels.shape[1] * self.pixel_mm)

    @property
    def width_mm(self) -> float:
        """Width across the nerve."""
        return float(self.pixels.shape[0] * self.pixel_mm)


def straighten(
    result: CaseResult, key: NerveKey, *, width_mm: float, pixel_mm: float
) -> Straight | None:
    """Nerve along its traced line, in the plane towards cranial; None when it was not traced.

    The rule for the plane is that of the cross-sections, so a mirrored nerve gives the same
    picture.
    """
    traced = result.nerves.nerves.get(key)
    if traced is None or traced.centerline.length_mm < 2 * pixel_mm:
        return None
    line = traced.centerline.resampled(pixel_mm)
    ups = _upward(line)
    rows = round(width_mm / pixel_mm)
    across = (np.arange(rows)[::-1] - (rows - 1) / 2.0) * pixel_mm
    points = line.points_mm[None] + across[:, None, None] * ups[None]
    profile = result.table.profiles.get(key)
    arc, border = _borders(profile, line, ups)
    return Straight(result.image.sample(points, order=3), pixel_mm, arc, border)


def _upward(line: Centerline) -> FloatArray:
    """Unit vectors (c, 3) across the line towards cranial, without a flip along it."""
    ups = section_axes(line.tangents).up
    turned = np.sign(np.einsum("kj,kj->k", ups[1:], ups[:-1]))
    signs = np.concatenate([[1.0], np.cumprod(np.where(turned == 0, 1.0, turned))])
    out: FloatArray = ups * (signs if signs.sum() >= 0 else -signs)[:, None]
    return out


def _borders(
    profile: Profile | None, line: Centerline, ups: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Places along the line (k,) and borders (k, 2) of the fitted sections."""
    if profile is None:
        return np.empty(0), np.empty((0, 2))
    gaps = profile.points_mm[:, None] - line.points_mm[None]
    nearest = np.argmin(np.nan_to_num((gaps**2).sum(axis=2), nan=np.inf), axis=1)
    up = ups[nearest]
    offset = np.einsum("kj,kj->k", profile.points_mm - line.points_mm[nearest], up)
    half = _reach(profile, up)
    return line.arc_length_mm[nearest], np.stack([offset - half, offset + half], axis=1)


def _reach(profile: Profile, up: FloatArray) -> FloatArray:
    """Half the width (k,) of each fitted ellipse along ``up`` (k, 3), through its centre."""
    round_mm: FloatArray = profile.diameter_mm / 2.0
    if profile.long_axis is None:
        return round_mm
    along = np.abs(np.einsum("kj,kj->k", profile.long_axis, up)).clip(0.0, 1.0)
    aside = np.sqrt(1.0 - along**2)
    with np.errstate(divide="ignore", invalid="ignore"):
        reach = 0.5 / np.hypot(along / profile.long_mm, aside / profile.short_mm)
    out: FloatArray = np.where(np.isfinite(reach), reach, round_mm)
    return out
