"""What the report says of each further series."""

from collections.abc import Mapping

from plexus_mri.core.case import CaseResult
from plexus_mri.core.series_map import Agreement, RegisteredMap


def map_rows(result: CaseResult) -> list[Mapping[str, object]]:
    """One row per map: registered with its numbers, or left out with its reason."""
    return [_row(item) for item in result.maps]


def _row(item: RegisteredMap) -> Mapping[str, object]:
    return {
        "name": item.series.name,
        "source_sha256": item.series.source_sha256 or None,
        "used": item.map_from_image is not None,
        "reason": item.reason,
        "sentence": item.sentence or _sentence(item),
        "before": _numbers(item.before),
        "after": _numbers(item.agreement),
        "limits": _numbers(item.limits),
        "map_from_image": None
        if item.map_from_image is None
        else item.map_from_image.target_from_source,
    }


def _sentence(item: RegisteredMap) -> str:
    name = item.series.name
    first = (
        f"The map {name} was registered and sampled in its own grid: column map_{name} of "
        "profile_measures."
    )
    if item.agreement is None:
        return first
    return (
        f"{first} Similarity {item.agreement.similarity:.3f}; "
        f"{100 * item.agreement.sharpness:.0f} % of it is lost 12 mm out of place, "
        f"{100 * item.agreement.handedness:.0f} % in the mirror image."
    )


def _numbers(agreement: Agreement | None) -> Mapping[str, float] | None:
    return None if agreement is None else vars(agreement)
