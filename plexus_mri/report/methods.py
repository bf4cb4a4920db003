"""Methods text: what really ran, with its sources, in sentences to paste."""

from collections.abc import Mapping
from dataclasses import dataclass

from plexus_mri.core.anatomy import NERVE_KEYS
from plexus_mri.core.case import CaseResult
from plexus_mri.reasons import ReasonCode
from plexus_mri.report.found import stated_words
from plexus_mri.report.method_sources import REFERENCES
from plexus_mri.report.words import SIDE_WORDS, key_words

_PAINTED_START = "painted roots begin at their ganglion, painted or seen in the image"
# From here on a share is printed as the whole.
_WHOLE = 0.995


def setting(settings: Mapping[str, object], stage: str, name: str) -> object:
    """One setting of a stage; None when it is not among the settings in force."""
    values = settings.get(stage)
    return values.get(name) if isinstance(values, Mapping) else None


def method_facts(
    result: CaseResult, settings: Mapping[str, object], software: Mapping[str, str]
) -> Mapping[str, object]:
    """Paragraphs on the steps that ran on this case, and the sources they cite."""
    steps = (
        _image_step(result, software),
        _bias_step(result, settings),
        _side_step(result),
        _nerve_step(result, software),
        _measure_step(result, settings),
        *_maps_steps(result, settings, software),
        _asymmetry_step(result, settings),
    )
    cited = [key for step in steps for key in step.cited]
    return {
        "paragraphs": [step.text for step in steps],
        "references": [REFERENCES[key] for key in dict.fromkeys(cited)],
    }


@dataclass(frozen=True)
class _Step:
    """A paragraph and the keys of the sources that it cites."""

    text: str
    cited: tuple[str, ...] = ()


def _named(software: Mapping[str, str], name: str) -> str:
    """Name and version of a program, as far as known."""
    return f"{name} {software[name]}" if name in software else name


def _maps_steps(
    result: CaseResult, settings: Mapping[str, object], software: Mapping[str, str]
) -> list[_Step]:
    """What was done with further series; nothing where there is none."""
    if not result.maps:
        return []
    used = [item.series.name for item in result.maps if item.reason is None]
    lost = [item.series.name for item in result.maps if item.reason is not None]
    freedom = "affinely" if setting(settings, "registration", "map_affine") else "rigidly"
    text = f"Further series left out, with their reasons above: {', '.join(lost)}." if lost else ""
    if not used:
        return [_Step(text)]
    done = (
        f"Further series ({', '.join(used)}) were placed on the image {freedom} by mutual "
        f"information, from coarse to fine ({_named(software, 'SimpleITK')}), judged by their "
        "normalised mutual information there, out of place and against the mirror image, and "
        "sampled in their own grids over the inner part of the fitted sections."
    )
    return [_Step(f"{done} {text}".strip(), ("mattes_2003", "studholme_1999"))]


def _image_step(result: CaseResult, software: Mapping[str, str]) -> _Step:
    series, spacing = result.case.series, result.case.image.grid.spacing
    size = " × ".join(f"{s:.2f}" for s in spacing)
    contrast, plane = series.contrast or "unknown contrast", series.plane or "unknown plane"
    return _Step(
        f"The image was measured with {_named(software, 'plexus-mri')}. Nerves come from one "
        f"series ({contrast}, {plane}, voxels of {size} mm, orientation from "
        f"{series.orientation_source}). What is measured is measured in the image's own grid, "
        "without resampling it."
    )


def _bias_step(result: CaseResult, settings: Mapping[str, object]) -> _Step:
    corrected = setting(settings, "preprocess", "correct_bias")
    if corrected is None:
        return _Step("Whether the bias field was corrected is not recorded in the settings.")
    if not corrected:
        return _Step("The bias field of the coil was not corrected (switched off).")
    if any(warning.reason is ReasonCode.SHADING_KEPT for warning in result.warnings):
        return _Step("The bias field of the coil was not corrected: there was too little to fit.")
    text = (
        "The bias field of the coil was corrected by a smooth field through the intensities of "
        "muscle, told from darker and brighter tissue in the manner of Wells 1996."
    )
    known = ""
    if result.even.shading_error > 0.0:
        percent = f"±{100.0 * result.even.shading_error:.0f} %"
        known = f" Away from muscle, as at nerves, it is known to {percent}."
    if result.even.anew is None:
        return _Step(f"{text}{known}", ("wells_1996",))
    again = (
        "For measuring, a second field was fitted, as waves of a Gaussian process, to all muscle "
        "but that which lies both behind the plexus and over 60 mm from the midline: the plexus "
        f"supplies it, and what is denervated is bright. {_taken(result.even.anew)}{known}"
    )
    return _Step(f"{text} {again}", ("wells_1996", "rasmussen_2006"))


def _taken(anew: float) -> str:
    """How much of the field fitted anew was taken.

    >>> _taken(0.4)
    'As the shading bends strongly, 40 % of what it changes was taken.'
    """
    if anew >= _WHOLE:
        return "The second field took the place of the first."
    if anew <= 1.0 - _WHOLE:
        return "As the shading bends strongly, the first field was kept."
    return f"As the shading bends strongly, {100.0 * anew:.0f} % of what it changes was taken."


def _side_step(result: CaseResult) -> _Step:
    if result.frame is None:
        return _Step("No midline was found, so the steps after it did not run.")
    return _Step(
        "Left and right come from the image's own orientation and the patient's midline, "
        f"found from: {result.frame.proof.method}."
    )


def _nerve_step(result: CaseResult, software: Mapping[str, str]) -> _Step:
    count = f"{len(result.nerves.nerves)} of {len(NERVE_KEYS)} nerves were traced"
    if result.frame is None:
        return _Step("No nerve was looked for.")
    if result.case.own_mask is not None and result.case.own_mask.unnamed:
        return _Step(
            "Nerves were followed where the user's own mask paints some, without names: ganglia "
            "as blobs beside the canal, nerves as minimal paths through what is painted before "
            f"what is not, the roots of both sides named together{_levels(result)}; {count}."
        )
    if result.case.own_mask is not None:
        labels = len(result.case.own_mask.nerve_of_index)
        if (correction := result.case.own_mask.correction) is not None:
            drawn = ", ".join(key_words(key) for key in correction.redrawn)
            return _Step(
                f"Nerves were taken from a {correction.words}, who edited an earlier label map of "
                f"this case ({drawn}); nerves that the rater left alone are as found without a "
                f"correction, {_found_by(result, software)}; {_PAINTED_START}; {count}."
            )
        return _Step(
            f"Nerves were taken from the user's own mask ({labels} labels); {_PAINTED_START}; "
            f"{count}."
        )
    if result.case.model is not None:
        return _Step(
            f"Nerves were found {_found_by(result, software)}; the largest piece of each label "
            f"was followed; {_PAINTED_START}; {count}."
        )
    return _Step(
        "Nerves were found without learned weights: ganglia as blobs beside the canal, nerves as "
        "minimal paths through a tubularity map, the roots of both sides named together"
        f"{_levels(result)}; {count}."
    )


def _levels(result: CaseResult) -> str:
    """Who named the levels, where the user did."""
    stated = result.case.stated_in_force
    return "" if stated is None else f", their levels {stated_words(stated)}"


def _found_by(result: CaseResult, software: Mapping[str, str]) -> str:
    """What found the nerves that nobody drew."""
    model = result.case.model
    if model is None:
        return f"by minimal paths through a tubularity map{_levels(result)}"
    return (
        f"by the network {model.words} (SHA-256 {model.sha256}), run by "
        f"{_named(software, model.library.words)} on the image as acquired"
    )


def _measure_step(result: CaseResult, settings: Mapping[str, object]) -> _Step:
    if not result.table.profiles:
        return _Step("No nerve was measured.")
    return _Step(
        "Caliber and signal were measured in planes perpendicular to each nerve's own curve, by "
        "fitting a blurred ellipse to each cross-section; the planes are carried along the nerve "
        "without spin (Bishop 1975). Diameter is 2·sqrt(area/π). The signal ratio is signal over "
        "that of reference muscle at the same level, which was taken to change evenly from head "
        "to foot and estimated by the median of the slopes between levels (Sen 1968)."
        f"{_reference(result)} Roots are also measured at the ganglion and 10 mm distal to it, "
        f"the places used by van Rosmalen (2021).{_start(settings)}"
        f"{_muscles(result)}",
        ("bishop_1975", "sen_1968", "van_rosmalen_2021"),
    )


def _reference(result: CaseResult) -> str:
    """Whose muscle served, where it was that of one side alone."""
    side = result.table.reference.taken_from
    return "" if side is None else f" Muscle of the {SIDE_WORDS[side]} side alone served both."


def _muscles(result: CaseResult) -> str:
    """What was done with muscles, apart from the nerves."""
    if all(sample.reason is not None for sample in result.muscles.samples):
        return ""
    return (
        " Muscles were sampled in balls of even tissue at mirrored places of a mean body, laid "
        "onto the traced nerves, and compared between the sides apart from the nerves."
    )


def _start(settings: Mapping[str, object]) -> str:
    """Where means of roots begin."""
    start = setting(settings, "measure", "root_start_mm")
    if not isinstance(start, int | float) or start <= 0:
        return ""
    return f" Means of one root leave out its first {start:g} mm, as far as its ganglion reaches."


_PLACES = (
    "Their error holds that of the fits, what neighbouring sections share, what the model gets "
    "wrong on one side alone, and the doubt about where the nerve begins."
)


def _asymmetry_step(result: CaseResult, settings: Mapping[str, object]) -> _Step:
    if not any(c.asymmetry_percent is not None for c in result.asymmetry):
        return _Step("No nerve pair could be compared.")
    skipped = setting(settings, "asymmetry", "ganglion_mm")
    ganglion = (
        f" (of roots beyond their first {skipped:g} mm: the ganglion, its blur and the doubt "
        "about its place)"
        if skipped
        else ""
    )
    text = (
        f"Sides were compared over the arc length that both cover{ganglion}, with the index "
        "200·(L − R)/(L + R) in percent."
    )
    family = setting(settings, "asymmetry", "family_error_percent")
    if family is None:
        return _Step(text)
    return _Step(
        f"{text} {_PLACES} The chance of any false difference in a case was set to "
        f"{shown_percent(family)}: half of it for the verdicts, by Holm's rule over nerves and "
        "quantities (Holm 1979), half for the stretches along the nerves, by "
        "Šidák's level over the nodes (Šidák 1967).",
        ("holm_1979", "sidak_1967"),
    )


def shown_percent(value: object) -> str:
    """Percentage without needless decimals.

    >>> shown_percent(5.0)
    '5 %'
    """
    return f"{value:g} %" if isinstance(value, int | float) else f"{value} %"
