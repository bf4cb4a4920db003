"""Areas by the product and by other practices on the same images, as one table."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from shape_cases import Seen, Tube
from shape_methods import ON_IMAGE, ON_MASK, mask_of

from plexus_mri.core.grid import FloatArray

OURS = "plexus-mri"
CLOSER = 3.0


@dataclass(frozen=True)
class Areas:
    """Areas of one tube by one method, over the true area."""

    shapes: str
    method: str
    mean: float
    sections: FloatArray


def side_by_side_lines(images: dict[str, Sequence[Seen]]) -> list[str]:
    """Lines of the table."""
    found = [a for name, group in images.items() for image in group for a in _areas(name, image)]
    methods = list(dict.fromkeys(a.method for a in found))
    ours = _error([a for a in found if a.method == OURS])
    others = {m: _error([a for a in found if a.method == m]) for m in methods if m != OURS}
    best = min(others, key=lambda m: others[m])
    times = others[best] / ours
    return [
        (
            "Nerves that stand alone, by other practices on the same images. All are favoured: "
            "they are given the true course and a threshold half-way between the true signals of "
            "nerve and muscle, and a mask keeps only what lies nearest to its own nerve; the "
            "product is given a rough trace and no signals. *Without noise*: the mask is that of "
            "the image before noise. The formulas stand for the practices; no other program was "
            "run. In each cell the mean absolute error of a nerve's mean area in percent, in "
            "brackets its mean error."
        ),
        "",
        f"| method | {' | '.join(images)} | all | single sections | no value |",
        f"|{'---|' * (len(images) + 4)}",
        *(_method_line(method, found, list(images)) for method in methods),
        "",
        (
            f"Best of the others: {best}, {others[best]:.2f} %, {times:.1f} times the product's "
            f"{ours:.2f} % (bar: {CLOSER:g} times; {'met' if times >= CLOSER else 'MISSED'})."
        ),
    ]


def _areas(shapes: str, seen: Seen) -> Iterator[Areas]:
    """What each method makes of the tubes of one image."""
    solids = seen.picture.solids
    for key, tube in seen.tubes.items():
        own = np.pi * tube.radius_mm**2
        yield _over_truth(shapes, OURS, tube, own[np.isfinite(own)], tube.mean_mm2)
        noisy, clean = (mask_of(it, key, solids) for it in (seen.image, seen.picture.clean))
        for name, method in ON_MASK.items():
            yield _over_truth(shapes, name, tube, method(noisy, tube.solid))
            yield _over_truth(shapes, f"{name}, without noise", tube, method(clean, tube.solid))
        for name, method in ON_IMAGE.items():
            yield _over_truth(shapes, name, tube, method(seen.image, tube.solid))


def _over_truth(
    shapes: str, method: str, tube: Tube, areas_mm2: FloatArray, mean_mm2: float | None = None
) -> Areas:
    known = areas_mm2[np.isfinite(areas_mm2)] / tube.area_mm2
    mean = float(known.mean()) if len(known) else float("nan")
    return Areas(shapes, method, mean if mean_mm2 is None else mean_mm2 / tube.area_mm2, known)


def _method_line(method: str, found: Sequence[Areas], shapes: Sequence[str]) -> str:
    own = [a for a in found if a.method == method]
    cells = [method, *(_cell([a for a in own if a.shapes == name]) for name in shapes), _cell(own)]
    sections = np.concatenate([a.sections for a in own])
    cells.append(f"{100 * np.median(np.abs(sections - 1)):.1f}")
    cells.append(str(sum(not np.isfinite(a.mean) for a in own)))
    return f"| {' | '.join(cells)} |"


def _cell(areas: Sequence[Areas]) -> str:
    off = np.array([a.mean - 1 for a in areas if np.isfinite(a.mean)])
    if not len(off):
        return "n/a"
    return f"{100 * np.abs(off).mean():.1f} ({100 * off.mean():+.1f})"


def _error(areas: Sequence[Areas]) -> float:
    """Mean absolute error of mean areas in percent."""
    return 100 * float(np.nanmean([abs(a.mean - 1) for a in areas]))
