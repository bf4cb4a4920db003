"""Measurements and profiles of nerves, with quality flags."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Flag, StrEnum
from functools import cached_property
from typing import Self

import numpy as np
import numpy.typing as npt

from plexus_mri.core.anatomy import Nerve, NerveKey, Side
from plexus_mri.core.grid import BoolArray, FloatArray
from plexus_mri.core.reference import ReferenceTissue
from plexus_mri.reasons import ReasonCode


class Quantity(StrEnum):
    """What is measured; ``unit`` and ``meaning`` describe it for tables and people."""

    unit: str
    meaning: str

    def __new__(cls, name: str, unit: str, meaning: str) -> Self:
        """Make a member whose value is the column word."""
        member = str.__new__(cls, name)
        member._value_ = name
        member.unit, member.meaning = unit, meaning
        return member

    LENGTH = "length_mm", "mm", "Length of the traced centerline"
    CSA_MEAN = "csa_mean_mm2", "mm^2", "Mean cross-sectional area along the nerve"
    CSA_MAX = "csa_max_mm2", "mm^2", "Largest cross-sectional area along the nerve"
    DIAMETER_MEAN = "diameter_mean_mm", "mm", "Mean circle-equivalent diameter"
    DIAMETER_AT_0 = "diameter_at_0mm", "mm", "Diameter at the first node (roots: the ganglion)"
    DIAMETER_AT_10 = "diameter_at_10mm", "mm", "Diameter 10 mm distal to the first node"
    SIGNAL_MEAN = "signal_mean", "1", "Mean bias-corrected intensity in the nerve"
    SIGNAL_RATIO_MEAN = "signal_ratio_mean", "1", "Mean signal over reference muscle, same level"
    SIGNAL_RATIO_MAX = "signal_ratio_max", "1", "Largest signal over reference muscle"
    SIGNAL_RAW_MEAN = (
        "signal_raw_mean",
        "1",
        "Mean intensity in the nerve in the image as acquired; sides are not compared",
    )
    SIGNAL_SPREAD_MEAN = (
        "signal_spread_mean",
        "1",
        "Standard deviation of intensity within a cross-section, over all; sides are not compared",
    )
    CSA_MASK_MEAN = (
        "csa_mask_mean_mm2",
        "mm^2",
        "Mean area of the mask's own label, if there is one; sides are not compared",
    )


# Coils shine unevenly, noise scatters a spread and hands draw as they like: a difference between
# the sides in these says nothing of the nerves (ADR-105, ADR-106, ADR-107).
NOT_COMPARED = frozenset(
    {Quantity.SIGNAL_RAW_MEAN, Quantity.SIGNAL_SPREAD_MEAN, Quantity.CSA_MASK_MEAN}
)
COMPARED = tuple(quantity for quantity in Quantity if quantity not in NOT_COMPARED)


class Quality(Flag):
    """Flags of a measurement or node; none set means nothing is known against it."""

    GOOD = 0
    THIN = 1
    TOUCHING = 2
    POOR_FIT = 4
    EDGE_OF_VIEW = 8
    NO_REFERENCE = 16
    LOW_CONFIDENCE = 32
    JUNCTION = 64
    COARSE = 128
    MASK_DISAGREES = 256
    BRIDGED = 512

    @property
    def word(self) -> str:
        """Flag names in lower case joined by ``+``; ``good`` when none is set.

        >>> (Quality.THIN | Quality.TOUCHING).word
        'thin+touching'
        """
        return "+".join(f.name.lower() for f in self if f.name) or "good"


# Nodes with one of these show another structure, half of one or none: they are in no comparison.
UNUSABLE = Quality.POOR_FIT | Quality.JUNCTION | Quality.EDGE_OF_VIEW | Quality.BRIDGED


@dataclass(frozen=True)
class Measurement:
    """One number about one nerve, with its 95 % interval.

    ``value`` is None when it cannot be trusted; then ``reason`` says why.
    ``standard_error`` is of the same unit as the value; ``noise_standard_error`` is the part of it
    that the same image taken again would show, None where it is not worked out.
    """

    nerve: Nerve
    side: Side
    quantity: Quantity
    value: float | None
    ci_low: float | None = None
    ci_high: float | None = None
    standard_error: float | None = None
    quality: Quality = Quality.GOOD
    reason: ReasonCode | None = None
    noise_standard_error: float | None = None


@dataclass(frozen=True, eq=False)
class Profile:
    """Measures along one nerve; all arrays have one entry per node.

    NaN inside an array means "not measured at this node" and is written as ``n/a``.

    Parameters
    ----------
    arc_length_mm : (n,)
        Distance from node 0, proximal to distal.
    points_mm : (n, 3)
        Fitted centres, RAS+ mm.
    csa_mm2, csa_se_mm2 : (n,)
        Area and its own standard error.
    long_mm, short_mm, angle_deg : (n,)
        Full axes of the fitted ellipse; angle of the long one from the craniocaudal direction,
        0-90 degrees.
    signal, signal_se : (n,)
        Fitted plateau intensity and its own standard error, unevenness of the tissue included.
    reference : (n,)
        Reference muscle intensity at the same level.
    common_error : (n,)
        Relative standard error of area that the nodes have in common, beside their own: what the
        width of the nerve in voxels does to all of them alike.
    quality
        One flag per node.
    contrast_share : (n,)
        Share of the signal by which the nerve stands out of its surroundings: as much of a common
        error of area is one of signal, the other way; None for all of it.
    long_axis : (n, 3)
        Unit vector of the ellipse's long axis in RAS+ mm, for drawing; None when not kept.
    marrow : (n,)
        Vertebral marrow's intensity at the same level; None when not looked for.
    bias_field : (n,)
        Intensity as acquired over the bias-corrected one at each node; None when unknown.
    spread_square, spread_square_se : (n,)
        Variance of intensity within the section without that of noise, and its standard error;
        below 0 by chance where the section is even, NaN where too few voxels lie inside it.
    csa_mask_mm2 : (n,)
        Area of the mask's label in the same plane; None without a mask.
    blur_error : (n,)
        Relative standard error of area by how well the image's blur is known, which all nodes of
        a case have in common; None when not worked out.
    noise_covariance : (n, n)
        Of the relative errors of the areas by the image's noise alone, which is what images taken
        again would scatter; None when not worked out.
    noise
        Standard deviation of the image's noise, in image units; 0 when unknown.
    begins_anywhere
        Whether node 0 of this root is no landmark: it lies where the label of a painted root
        begins, since its ganglion was not found (ADR-103).
    """

    nerve: Nerve
    side: Side
    arc_length_mm: FloatArray
    points_mm: FloatArray
    csa_mm2: FloatArray
    csa_se_mm2: FloatArray
    long_mm: FloatArray
    short_mm: FloatArray
    angle_deg: FloatArray
    signal: FloatArray
    signal_se: FloatArray
    reference: FloatArray
    common_error: FloatArray
    quality: tuple[Quality, ...]
    contrast_share: FloatArray | None = None
    long_axis: FloatArray | None = None
    marrow: FloatArray | None = None
    bias_field: FloatArray | None = None
    spread_square: FloatArray | None = None
    spread_square_se: FloatArray | None = None
    csa_mask_mm2: FloatArray | None = None
    blur_error: FloatArray | None = None
    noise_covariance: FloatArray | None = None
    noise: float = 0.0
    begins_anywhere: bool = False

    @cached_property
    def _flags(self) -> npt.NDArray[np.int64]:
        return np.array([flag.value for flag in self.quality], dtype=np.int64)

    def flagged(self, flags: Quality) -> BoolArray:
        """Whether any of ``flags`` is set at each node: (n,)."""
        return np.asarray((self._flags & flags.value) != 0)

    @property
    def diameter_mm(self) -> FloatArray:
        """Diameter of the circle of the same area: 2·sqrt(csa/π)."""
        return np.asarray(2.0 * (self.csa_mm2 / np.pi) ** 0.5)

    @property
    def csa_error_mm2(self) -> FloatArray:
        """Whole standard error of the area at each node: (n,)."""
        blur = 0.0 if self.blur_error is None else self.blur_error
        shared = np.hypot(self.common_error, blur)
        return np.asarray(np.hypot(self.csa_se_mm2, shared * self.csa_mm2))

    @property
    def csa_noise_se_mm2(self) -> FloatArray:
        """Standard error of each area by the image's noise alone: (n,); NaN if unknown."""
        if self.noise_covariance is None:
            return np.full(len(self.csa_mm2), np.nan)
        return np.asarray(self.csa_mm2 * np.sqrt(np.diag(self.noise_covariance)))

    @property
    def signal_common_error(self) -> FloatArray:
        """Relative standard error of signal that the nodes have in common (n,)."""
        share = 1.0 if self.contrast_share is None else self.contrast_share
        return np.asarray(self.common_error * share)

    @property
    def signal_error(self) -> FloatArray:
        """Whole standard error of the signal at each node: (n,)."""
        return np.asarray(np.hypot(self.signal_se, self.signal_common_error * self.signal))

    @property
    def signal_ratio(self) -> FloatArray:
        """Signal over reference muscle of the same level."""
        return self.signal / self.reference

    @property
    def signal_raw(self) -> FloatArray:
        """Signal in the image as acquired (n,): the fitted plateau times the bias field there.

        The section's own plateau is what partial volume leaves of neither image; the field is
        smooth over tens of millimetres, so its value at the node is that of the section (ADR-105).
        """
        return self.signal * self._known(self.bias_field)

    @property
    def signal_spread(self) -> FloatArray:
        """Standard deviation of intensity within the section (n,); NaN where unknown."""
        return np.asarray(np.sqrt(np.maximum(self._known(self.spread_square), 0.0)))

    @property
    def mask_area_mm2(self) -> FloatArray:
        """Area of the mask's label (n,); NaN where there is none."""
        return self._known(self.csa_mask_mm2)

    def _known(self, values: FloatArray | None) -> FloatArray:
        return np.full(len(self.signal), np.nan) if values is None else values

    @property
    def signal_ratio_marrow(self) -> FloatArray:
        """Signal over vertebral marrow of the same level (n,); NaN where there is none."""
        return self.signal / self._known(self.marrow)

    @property
    def contrast_to_noise(self) -> FloatArray:
        """Signal above reference muscle over the image's noise (n,); NaN where unknown."""
        if self.noise <= 0.0:
            return np.full(len(self.signal), np.nan)
        return (self.signal - self.reference) / self.noise


@dataclass(frozen=True, eq=False)
class MeasurementTable:
    """All measurements and profiles of a case, and what ratios rest on: muscle, and marrow."""

    measurements: tuple[Measurement, ...]
    profiles: Mapping[NerveKey, Profile] = field(default_factory=dict)
    reference: ReferenceTissue = field(default_factory=ReferenceTissue.none)
    marrow: ReferenceTissue = field(default_factory=ReferenceTissue.none)

    @classmethod
    def unmeasured(cls, missing: Mapping[NerveKey, ReasonCode]) -> "MeasurementTable":
        """Give a table in which every number is absent, for the reason of its nerve."""
        return cls(
            tuple(
                Measurement(nerve, side, quantity, None, reason=reason)
                for (side, nerve), reason in missing.items()
                for quantity in Quantity
            )
        )

    def get(self, nerve: Nerve, side: Side, quantity: Quantity) -> Measurement | None:
        """Give one measurement, or None when there is none of that name."""
        return self._by_name.get((nerve, side, quantity))

    @cached_property
    def _by_name(self) -> Mapping[tuple[Nerve, Side, Quantity], Measurement]:
        return {(m.nerve, m.side, m.quantity): m for m in reversed(self.measurements)}
