"""How a DICOM series was acquired, in closed words and numbers that name nobody."""

from dataclasses import dataclass

from plexus_mri.io.dicom_attributes import Attributes
from plexus_mri.io.dicom_keys import FREE_TEXTS, GE_DATA_TYPE
from plexus_mri.io.series_rules import UNKNOWN, SeriesRules

_NUMBERS = {
    "repetition_time_ms": ("RepetitionTime",),
    "echo_time_ms": ("EffectiveEchoTime", "EchoTime"),
    "inversion_time_ms": ("InversionTime", "InversionTimes"),
    "field_strength_t": ("MagneticFieldStrength",),
    "flip_angle_deg": ("FlipAngle",),
    "slice_thickness_mm": ("SliceThickness",),
}
_MAKERS = {
    "siemens": "Siemens",
    "ge ": "GE",
    "general electric": "GE",
    "philips": "Philips",
    "canon": "Canon",
    "toshiba": "Canon",
    "hitachi": "Hitachi",
    "fujifilm": "Fujifilm",
    "united imaging": "United Imaging",
    "uih": "United Imaging",
}
_SEQUENCES = {
    "SE": "SE",
    "IR": "IR",
    "GR": "GR",
    "EP": "EP",
    "SPIN": "SE",
    "GRADIENT": "GR",
}
_GE_PARTS = {"1": "PHASE", "2": "REAL", "3": "IMAGINARY"}
_COMPLEX_PARTS = frozenset({"PHASE", "REAL", "IMAGINARY"})
# Parts of one acquisition in the value 3 and 4 of Image Type, as vendors write them.
_PARTS = {
    "W": "part-water",
    "WATER": "part-water",
    "F": "part-fat",
    "FAT": "part-fat",
    "IP": "part-in",
    "IN_PHASE": "part-in",
    "OP": "part-opposed",
    "OPP_PHASE": "part-opposed",
    "OUT_PHASE": "part-opposed",
    "OPPOSED_PHASE": "part-opposed",
    "P": "part-phase",
    "PHASE": "part-phase",
    "PHASE MAP": "part-phase",
    "R": "part-real",
    "REAL": "part-real",
    "I": "part-imag",
    "IMAGINARY": "part-imag",
}


@dataclass(frozen=True)
class About:
    """What the rules make of a header: closed words and numbers, no free text."""

    contrast: str = UNKNOWN
    body_part: str = UNKNOWN
    acquisition: tuple[tuple[str, float | str], ...] = ()


def about(known: Attributes, rules: SeriesRules) -> About:
    """Contrast, body part and acquisition of a frame.

    The free text that the rules look at may hold names and goes no further.
    """
    numbers = acquisition(known)
    text = words(known)
    return About(
        rules.contrast(text, numbers),
        rules.body_part(known.text("BodyPartExamined").lower(), text),
        tuple(numbers.items()),
    )


def acquisition(known: Attributes) -> dict[str, float | str]:
    """Times, field strength, maker and kind of sequence, as far as they are stated."""
    found: dict[str, float | str] = {}
    for name, keys in _NUMBERS.items():
        numbers = [n for key in keys if (n := known.number(key)) is not None]
        if numbers and numbers[0] > 0:
            found[name] = round(numbers[0], 3)
    if maker := maker_word(known.text("Manufacturer")):
        found["manufacturer"] = maker
    if sequence := _sequence(known):
        found["sequence"] = sequence
    if known.text("MRAcquisitionType") in {"2D", "3D"}:
        found["dimensions"] = known.text("MRAcquisitionType")
    return found


def maker_word(text: str) -> str:
    """Scanner maker in one word; empty when unknown.

    >>> maker_word("SIEMENS Healthineers")
    'Siemens'
    """
    lowered = f"{text.lower()} "
    return next((word for start, word in _MAKERS.items() if lowered.startswith(start)), "")


def _sequence(known: Attributes) -> str:
    """Kinds of pulse sequence joined by ``+``, e.g. ``IR+SE``."""
    stored = known.texts("ScanningSequence") + known.texts("EchoPulseSequence")
    kinds = {_SEQUENCES[word] for word in stored if word in _SEQUENCES}
    if known.text("InversionRecovery") == "YES":
        kinds.add("IR")
    return "+".join(sorted(kinds))


def words(known: Attributes) -> str:
    """Free text about the series, for the rules only: it may hold names."""
    parts = [known.text(key) for key in FREE_TEXTS]
    parts += [_PARTS.get(word, word) for word in image_type(known)]
    if known.text("SpectrallySelectedSuppression") == "FAT":
        parts.append("fatsat")
    return " ".join(parts).lower()


def image_type(known: Attributes) -> tuple[str, ...]:
    """Values of Image Type; a frame's own come before its file's, GE's private kind after."""
    values = known.texts("FrameType") or known.texts("ImageType")
    part = _GE_PARTS.get(known.text(GE_DATA_TYPE)) or known.text("ComplexImageComponent").upper()
    more = (part,) if part in _COMPLEX_PARTS else ()
    return (*(word.upper() for word in values), *more)
