"""Relaxation times of the tissues and the signal each sequence makes of them."""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from plexus_mri.core.grid import FloatArray
from plexus_mri.synthetic.spec import AcquisitionSpec, Sequence


class Tissue(StrEnum):
    """Everything in the neck that has a signal of its own."""

    AIR = "air"
    CORTEX = "cortex"
    MARROW = "marrow"
    DISC = "disc"
    MUSCLE = "muscle"
    DENERVATED = "denervated"
    FAT = "fat"
    CSF = "csf"
    CORD = "cord"
    NERVE = "nerve"
    GANGLION = "ganglion"
    BLOOD = "blood"
    VOID = "void"
    NODE = "node"
    GLAND = "gland"
    MUCOSA = "mucosa"


@dataclass(frozen=True)
class Relaxation:
    """T1 and T2 in ms, proton density relative to water, and the share of it that is fat."""

    t1_ms: float
    t2_ms: float
    density: float
    fat: float = 0.0


# 3 T values: measured ones with their sources in Smith 2008 (cord), Lu 2004 (blood), de Bazelaire
# 2004 (muscle, fat, marrow), Sollmann 2019 (ganglion and nerve T2). Peripheral nerve T1 is optic
# nerve's (Stanisz 2005). Node, gland and mucosa have no source and were chosen by look.
RELAXATION = {
    Tissue.AIR: Relaxation(1000.0, 50.0, 0.0),
    Tissue.CORTEX: Relaxation(500.0, 5.0, 0.05),
    Tissue.MARROW: Relaxation(800.0, 49.0, 0.8, fat=0.45),
    Tissue.DISC: Relaxation(1200.0, 75.0, 0.8),
    Tissue.MUSCLE: Relaxation(1412.0, 40.0, 0.90),
    Tissue.DENERVATED: Relaxation(1500.0, 52.0, 0.95),
    Tissue.FAT: Relaxation(382.0, 68.0, 1.0, fat=1.0),
    Tissue.CSF: Relaxation(3817.0, 503.0, 1.0),
    Tissue.CORD: Relaxation(925.0, 74.0, 0.80),
    Tissue.NERVE: Relaxation(1083.0, 65.0, 1.0),
    Tissue.GANGLION: Relaxation(1150.0, 85.0, 1.0),
    Tissue.BLOOD: Relaxation(1600.0, 150.0, 1.0),
    Tissue.VOID: Relaxation(1600.0, 150.0, 0.06),
    Tissue.NODE: Relaxation(1300.0, 90.0, 1.0),
    Tissue.GLAND: Relaxation(1200.0, 70.0, 1.0, fat=0.2),
    Tissue.MUCOSA: Relaxation(1300.0, 65.0, 1.0),
}


def relative_signal(
    acquisition: AcquisitionSpec, t1_ms: float, t2_ms: FloatArray | float
) -> FloatArray:
    """Signal of water per proton density, by the spin-echo equation of the sequence.

    STIR: |1 - 2 exp(-TI/T1) + exp(-TR/T1)| exp(-TE/T2); otherwise (1 - exp(-TR/T1)) exp(-TE/T2).
    """
    recovery = 1 - np.exp(-acquisition.tr_ms / t1_ms)
    if acquisition.sequence is Sequence.STIR:
        inversion = 2 * np.exp(-acquisition.ti_ms / t1_ms)
        recovery = abs(1 - inversion + np.exp(-acquisition.tr_ms / t1_ms))
    return np.asarray(recovery * np.exp(-acquisition.te_ms / np.asarray(t2_ms, dtype=float)))


def fat_signals(acquisition: AcquisitionSpec) -> tuple[float, float]:
    """Signal of pure fat per proton density: as suppressed, and where suppression fails."""
    fat = RELAXATION[Tissue.FAT]
    full = (1 - np.exp(-acquisition.tr_ms / fat.t1_ms)) * np.exp(-acquisition.te_ms / fat.t2_ms)
    if acquisition.sequence is Sequence.T1:
        return float(full), float(full)
    if acquisition.sequence is Sequence.STIR:
        return float(relative_signal(acquisition, fat.t1_ms, fat.t2_ms)), float(full)
    return 0.04 * float(full), float(full)  # Dixon leaves a few percent of fat in the water image


@dataclass(frozen=True)
class SignalScale:
    """Intensities in image units for one acquisition and patient.

    Parameters
    ----------
    unit
        Image units per relative signal.
    nerve, muscle, fat
        Intensity of healthy tissue, as suppressed.
    fat_failed
        Intensity of fat where suppression fails.
    noise_sigma
        Standard deviation of the noise in each of the two receive channels.
    """

    unit: float
    nerve: float
    muscle: float
    fat: float
    fat_failed: float
    noise_sigma: float


def signal_scale(
    acquisition: AcquisitionSpec, nerve_t2_ms: float, muscle_t2_ms: float
) -> SignalScale:
    """Scale so that a healthy nerve has ``acquisition.nerve_signal`` image units."""
    nerve, muscle = RELAXATION[Tissue.NERVE], RELAXATION[Tissue.MUSCLE]
    relative_nerve = nerve.density * float(relative_signal(acquisition, nerve.t1_ms, nerve_t2_ms))
    unit = acquisition.nerve_signal / relative_nerve
    muscle_signal = (
        unit * muscle.density * float(relative_signal(acquisition, muscle.t1_ms, muscle_t2_ms))
    )
    fat, failed = (unit * value for value in fat_signals(acquisition))
    background = fat if acquisition.sequence is Sequence.T1 else muscle_signal
    sigma = abs(acquisition.nerve_signal - background) / acquisition.cnr
    return SignalScale(unit, acquisition.nerve_signal, muscle_signal, fat, failed, sigma)


def water_signal(scale: SignalScale, acquisition: AcquisitionSpec, tissue: Tissue) -> float:
    """Image units of a tissue's water; its fat is added by the field of fat suppression."""
    if tissue is Tissue.MUSCLE:
        return scale.muscle * (1 - RELAXATION[tissue].fat)
    it = RELAXATION[tissue]
    water = float(relative_signal(acquisition, it.t1_ms, it.t2_ms))
    return scale.unit * it.density * (1 - it.fat) * water


def fat_share(tissue: Tissue) -> float:
    """Proton density of a tissue's fat."""
    return RELAXATION[tissue].density * RELAXATION[tissue].fat
