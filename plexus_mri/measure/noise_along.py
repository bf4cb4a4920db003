"""What the image's noise, and a blur that is off, do to all sections of a nerve together.

To first order a fitted section is a weighted sum of the voxels of its window: the weights are the
derivatives of the fit by each voxel. Sections share voxels with their neighbours, and each takes
a part of its signal from the smooth course along the nerve and so from the voxels of others. What
noise does follows from the weights; nothing is assumed of how errors run along the nerve, but
that the noise of one voxel says nothing of the next one's. An image that is blurrier than was
assumed differs in its voxels too, so the same weights tell what that does.

Symbols: n sections of a nerve, m voxels of a window.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from plexus_mri.core.grid import FloatArray
from plexus_mri.measure.blurred_ellipse import SHAPE_PARAMETERS, blurred_ellipse
from plexus_mri.measure.nerve_fit import NerveFit, TwoFits
from plexus_mri.measure.section_fit import LOG_RADIUS, SIGNAL
from plexus_mri.measure.section_problem import Section

_LEAST_SEEN = 1e-6


@dataclass(frozen=True, eq=False)
class Pull:
    """How far the voxels of a section's window pull its fit.

    Parameters
    ----------
    voxels : (m,)
        Flat index of each in the image.
    by_noise : (2, m)
        Change of log radius and of signal by one standard deviation of each voxel's noise.
    by_blur : (2, 3)
        Their change by a unit of the blur's variance (voxels²) that the fit does not know of,
        along each axis of the image.
    borrowed : (2,)
        Their change by a unit of the signal that was expected.
    doubt : (m,)
        Change of the log odds of a coat of fat by a standard deviation of each voxel's noise.
    apart : (2,)
        How far the fit with a coat lies from that without.
    """

    voxels: np.ndarray[tuple[int], np.dtype[np.int64]]
    by_noise: FloatArray
    by_blur: FloatArray
    borrowed: FloatArray
    doubt: FloatArray
    apart: FloatArray


def pull_of(
    section: Section, fits: TwoFits, fitted: NerveFit, wider: FloatArray, change: float
) -> Pull:
    """Pull of a section fitted without and with a coat; ``fitted`` is their average.

    Parameters
    ----------
    wider : (3, 2, 2)
        Whitening of the section when the blur's variance is larger by ``change`` (voxels²) along
        each axis of the image.
    """
    points, whiten = section.scene[0][0], section.scene[1][0]
    shape = fitted.values[:SHAPE_PARAMETERS]
    share = blurred_ellipse(points, shape, whiten)[:, 0]
    back = np.linalg.inv(whiten)
    by_blur = np.empty((2, len(wider)))
    for axis, matrix in enumerate(wider):
        there = points @ np.ascontiguousarray((matrix @ back).T)
        differs = (blurred_ellipse(there, shape, matrix)[:, 0] - share) / change
        by_blur[:, axis] = fitted.pulls[:2] @ (fitted.contrast * differs)
    by_noise = fitted.noise * fitted.pulls
    if fits.coated is None:
        nothing = np.zeros(by_noise.shape[1])
        return Pull(section.voxels, by_noise[:2], by_blur, fitted.borrowed, nothing, np.zeros(2))
    doubt = fitted.noise * (fits.coated.pulls[2] - fits.plain.pulls[2])
    apart = (fits.coated.values - fits.plain.values)[[LOG_RADIUS, SIGNAL]]
    return Pull(section.voxels, by_noise[:2], by_blur, fitted.borrowed, doubt, apart)


def along_nerve(
    pulls: Sequence[Pull | None], signal_from: FloatArray, turns: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Covariance (n, n) of the log radii by noise, and their change (n, 3) by the blur's variance.

    Where there was nothing to fit both are 0.

    Parameters
    ----------
    signal_from : (n, n)
        What the signal seen at each node (columns) adds to the one expected at each.
    turns : (n, n)
        Change of the chance of a coat at each node by the evidence of each (columns).
    """
    by_voxel = _Shared.of(pulls)
    doubt = by_voxel.matrix([p.doubt for p in pulls if p is not None])
    radius, signal = (
        by_voxel.matrix([p.by_noise[row] for p in pulls if p is not None])
        + sparse.csr_matrix(_apart(pulls, row)[:, None] * turns) @ doubt
        for row in range(2)
    )
    borrowed = np.array([np.zeros(2) if p is None else p.borrowed for p in pulls])
    # A fitted signal is the seen one but for the share it was expected to have.
    seen = 1.0 / np.maximum(1.0 - borrowed[:, 1], _LEAST_SEEN)
    others = borrowed[:, :1] * signal_from * seen
    both = others @ (signal @ radius.T).toarray()
    own = (radius @ radius.T).toarray()
    covariance: FloatArray = (
        own + both + both.T + others @ (signal @ signal.T).toarray() @ others.T
    )
    blur = np.array([np.zeros((2, 3)) if p is None else p.by_blur for p in pulls])
    by_blur: FloatArray = blur[:, 0] + others @ blur[:, 1]
    return covariance, by_blur


def _apart(pulls: Sequence[Pull | None], row: int) -> FloatArray:
    """Distance of the two fits (n,) of each section, of log radius or of signal."""
    return np.array([0.0 if pull is None else pull.apart[row] for pull in pulls])


@dataclass(frozen=True, eq=False)
class _Shared:
    """Which of the voxels of a nerve's windows each section sees, the voxels counted once."""

    shape: tuple[int, int]
    section: np.ndarray[tuple[int], np.dtype[np.int64]]
    voxel: np.ndarray[tuple[int], np.dtype[np.int64]]

    @classmethod
    def of(cls, pulls: Sequence[Pull | None]) -> "_Shared":
        here = [(k, pull.voxels) for k, pull in enumerate(pulls) if pull is not None]
        nothing = np.zeros(0, dtype=np.int64)
        section = np.repeat([k for k, _ in here], [len(voxels) for _, voxels in here])
        seen, voxel = np.unique(
            np.concatenate([nothing, *(voxels for _, voxels in here)]), return_inverse=True
        )
        return cls((len(pulls), len(seen)), section.astype(np.int64), voxel)

    def matrix(self, values: Sequence[FloatArray]) -> sparse.csr_matrix:
        """Values (m,) of the sections that were fitted, by voxel: (n, voxels)."""
        known = np.concatenate([np.zeros(0), *values])
        return sparse.csr_matrix((known, (self.section, self.voxel)), self.shape)
