"""What the report says of the case's place in the template."""

from collections.abc import Mapping

from plexus_mri.core.case import CaseResult
from plexus_mri.core.template import TemplateMatch
from plexus_mri.report.words import key_words


def template_facts(result: CaseResult) -> Mapping[str, object] | None:
    """Numbers and one paragraph; None when no template was given."""
    if result.case.template is None:
        return None
    match = result.template
    if match is None:
        return {"used": False, "sentence": "Without a midline no place in the template is known."}
    return {
        "used": match.transform is not None,
        "reason": match.reason,
        "cases": match.template.cases,
        "source": match.template.source,
        "similarity": match.similarity,
        "least_jacobian": None if match.transform is None else match.transform.least_jacobian,
        "sentence": match.sentence or _sentence(match),
        "nerves": [
            {
                "nerve": nerve,
                "side": side,
                "distance_mm": place.distance_mm,
                "limit_mm": place.limit_mm,
                "far": place.is_far,
                "nearest": place.nearest,
                "probability": place.probability,
                "sentence": f"{key_words((side, nerve))}: {place.sentence}",
            }
            for (side, nerve), place in match.places.items()
        ],
    }


def _sentence(match: TemplateMatch) -> str:
    template, far = match.template, [p for p in match.places.values() if p.is_far]
    words = (
        f"The case was placed in the template of {template.cases} cases ({template.source}); "
        f"similarity {match.similarity:.3f}. It changes no number."
    )
    if not match.places:
        return words
    apart = max(p.distance_mm for p in match.places.values())
    return (
        f"{words} {len(far)} of {len(match.places)} nerves lie farther from where it expects them "
        f"than the limit; the farthest {apart:.1f} mm."
    )
