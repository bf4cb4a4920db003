"""From evidence to the NerveTree: levels, names, paths, curves and confidence."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from scipy import ndimage

from plexus_mri.core.anatomy import CORDS, NERVE_KEYS, TRUNKS, Nerve, NerveKey, Side
from plexus_mri.core.centerline import Centerline
from plexus_mri.core.evidence import NerveEvidence
from plexus_mri.core.frame import PatientFrame
from plexus_mri.core.landmarks import StatedLevels
from plexus_mri.core.nerve_tree import NerveTree, TracedNerve
from plexus_mri.core.volume import Volume
from plexus_mri.reasons import ReasonCode
from plexus_mri.tracing.agreement import agreement_of_sides
from plexus_mri.tracing.cords import CordOptions, cord_options, name_cords, trace_cords
from plexus_mri.tracing.expected import Anatomy, body_scale
from plexus_mri.tracing.field import SideField, side_fields
from plexus_mri.tracing.levels import Naming, chain_levels, strain_limit
from plexus_mri.tracing.paths import GuidedPath
from plexus_mri.tracing.refine import recentre, smooth_curve
from plexus_mri.tracing.roots import find_roots
from plexus_mri.tracing.segments import Piece, split_side
from plexus_mri.tracing.settings import TracingSettings
from plexus_mri.tracing.stated import stated_run


def trace_nerves(
    image: Volume,
    evidence: NerveEvidence,
    frame: PatientFrame,
    settings: TracingSettings,
    stated: StatedLevels | None = None,
) -> NerveTree:
    """Named centerlines of both sides, with confidence; what is missing has a reason.

    Parameters
    ----------
    image
        Bias-corrected image in its own grid, on which curves are centred.
    stated
        Levels that the user stated, which then name all others.

    Raises
    ------
    InputError
        When what was stated contradicts itself or the image.
    """
    chain = chain_levels(evidence.ganglia, settings)
    levels = np.array([level.level_mm for level in chain if level is not None])
    anatomy = Anatomy(frame, body_scale(levels))
    settings = _for_case(settings, anatomy.scale, len(evidence.ganglia))
    fields = side_fields(evidence, frame, settings)
    first = None if stated is None else stated_run(stated, chain, frame, settings)
    found = find_roots(fields, chain, anatomy, settings, first)
    if found is None:
        return NerveTree({}, _why_missing({}, fields, settings))
    pieces: dict[NerveKey, Piece] = {}
    options: dict[Side, CordOptions] = {}
    for side, field in fields.items():
        roots = _root_curves(image, found.paths.get(side, {}), settings)
        split = split_side(roots, frame, side, settings)
        pieces |= {(side, nerve): piece for nerve, piece in split.items()}
        option = _cord_options(side, field, roots, split, anatomy, settings)
        if option is not None:
            options[side] = option
    for side, tubes in name_cords(options).items():
        for cord, points in trace_cords(options[side], tubes, settings).items():
            line = smooth_curve(points, settings.node_step_mm, settings.smooth_mm)
            pieces[side, cord] = Piece(line, joins_start=False, joins_end=False)
    agreed = agreement_of_sides({key: piece.line for key, piece in pieces.items()}, frame)
    sure = _Sureness(evidence.tubularity, found.naming, agreed, settings)
    nerves = _refined(image, pieces, sure)
    return NerveTree(nerves, _why_missing(nerves, fields, settings))


def _for_case(settings: TracingSettings, scale: float, spots: int) -> TracingSettings:
    """Settings for a body of this size, in whose image so many spots could be ganglia."""
    return replace(
        settings,
        largest_mean_strain=strain_limit(spots, settings),
        gather_lateral_mm=settings.gather_lateral_mm * scale,
        farthest_lateral_mm=settings.farthest_lateral_mm * scale,
    )


def _cord_options(
    side: Side,
    field: SideField,
    roots: dict[Nerve, Centerline],
    found: dict[Nerve, Piece],
    anatomy: Anatomy,
    settings: TracingSettings,
) -> CordOptions | None:
    """What the cords of one side may be, where its roots cross the gathering distance."""
    ends = {trunk: found[trunk].line.points_mm[-1] for trunk in TRUNKS if trunk in found}
    crossings = [
        line.points_mm[int(np.argmin(np.abs(lateral - settings.gather_lateral_mm)))]
        for line in roots.values()
        if (lateral := np.abs(anatomy.frame.lateral_mm(line.points_mm))).max()
        > settings.gather_lateral_mm
    ]
    if not crossings:
        return None
    # The median of each of the image's own axes: those of the scanner would change with a header.
    bundle = field.grid.to_world(np.median(field.grid.to_voxel(crossings), axis=0)[None])[0]
    far = min(settings.farthest_lateral_mm, field.reach_mm)
    run = anatomy.beyond(side, bundle, far) - bundle
    return cord_options(field, ends, bundle, run, settings)


def _root_curves(
    image: Volume, ways: Mapping[Nerve, GuidedPath], settings: TracingSettings
) -> dict[Nerve, Centerline]:
    """Smooth curves along the voxel paths of one side, each centred on its own grey section."""
    step, smooth = settings.node_step_mm, settings.smooth_mm
    rough = {n: smooth_curve(way.path.points_mm, step, smooth) for n, way in ways.items()}
    return {
        nerve: recentre(
            image, line, tuple(o for n, o in rough.items() if n != nerve), smooth_mm=smooth
        ).line
        for nerve, line in rough.items()
    }


@dataclass(frozen=True, eq=False)
class _Sureness:
    """What the confidence of every nerve is made from; ``agreed`` is of the sides, 0-1."""

    tubularity: Volume
    naming: Naming
    agreed: Mapping[Nerve, float]
    settings: TracingSettings

    def of(self, piece: Piece, line: Centerline, nerve: Nerve, *, twin: bool) -> dict[str, float]:
        """What speaks for one nerve, each 0-1."""
        lowest = float(np.nanpercentile(self.tubularity.sample(line.points_mm), 10))
        beside = {"both_sides": self.agreed.get(nerve, 1.0)} if twin else {"one_side": 0.8}
        return {
            "support": float(np.clip(lowest / 0.6, 0.0, 1.0)),
            "naming": _naming_confidence(self.naming, self.settings),
            **beside,
            "followed": 0.6 if ReasonCode.NERVE_LOST in piece.reasons else 1.0,
        }


def _refined(
    image: Volume, pieces: dict[NerveKey, Piece], sure: _Sureness
) -> dict[NerveKey, TracedNerve]:
    """Smooth, recentred curves with their confidence; pieces too short are dropped."""
    nerves, settings = {}, sure.settings
    for key, piece in pieces.items():
        if piece.line.length_mm < settings.least_length_mm:
            continue
        others = tuple(o.line for k, o in pieces.items() if k != key and k[0] is key[0])
        curve = recentre(image, piece.line, others, smooth_mm=settings.smooth_mm)
        twin = (key[0].opposite, key[1]) in pieces
        evidence = sure.of(piece, curve.line, key[1], twin=twin)
        confidence = min(evidence.values())
        reasons = (*piece.reasons, *_naming_doubts(sure.naming, settings))
        bridges = unseen_stretches_mm(curve.line, sure.tubularity, settings.least_tubularity)
        if bridges:
            reasons = (*reasons, ReasonCode.NERVE_BRIDGED)
        if confidence < settings.least_confidence:
            reasons = (*reasons, ReasonCode.LOW_CONFIDENCE)
        junctions = _junctions(piece, curve.line)
        nerves[key] = TracedNerve(
            curve.line, confidence, evidence, curve.radius_mm, junctions, reasons, bridges
        )
    return nerves


def unseen_stretches_mm(
    line: Centerline, tubularity: Volume, least: float
) -> tuple[tuple[float, float], ...]:
    """First and last arc length of each stretch of a curve that looks like no tube."""
    unseen = tubularity.sample(line.points_mm) < least
    labels, count = ndimage.label(unseen)
    arcs = (line.arc_length_mm[labels == k] for k in range(1, count + 1))
    return tuple((float(arc[0]), float(arc[-1])) for arc in arcs)


def _naming_doubts(naming: Naming, settings: TracingSettings) -> tuple[ReasonCode, ...]:
    """What speaks against the names of all nerves."""
    if naming.stated:
        disputed = naming.margin < -settings.naming_margin
        return (ReasonCode.LEVEL_DISPUTED,) if disputed else ()
    return (ReasonCode.LEVEL_DOUBT,) if naming.margin < settings.naming_margin else ()


def _junctions(piece: Piece, line: Centerline) -> tuple[float, ...]:
    """Arc lengths at which the curve meets another nerve."""
    ends = ((piece.joins_start, 0.0), (piece.joins_end, line.length_mm))
    return tuple(arc_mm for joins, arc_mm in ends if joins)


def _naming_confidence(naming: Naming, settings: TracingSettings) -> float:
    """How sure the names are, 0-1; what the user stated is."""
    share = 0.5 + naming.margin / (4 * settings.naming_margin)
    return 1.0 if naming.stated else float(np.clip(share, 0.0, 1.0))


def _why_missing(
    nerves: dict[NerveKey, TracedNerve],
    fields: dict[Side, SideField],
    settings: TracingSettings,
) -> dict[NerveKey, ReasonCode]:
    """Reason for each nerve that was not traced; cords lie beyond where the plexus gathers."""
    outside = {Side.LEFT: ReasonCode.COVERAGE_LEFT, Side.RIGHT: ReasonCode.COVERAGE_RIGHT}
    cords_from_mm = settings.gather_lateral_mm + settings.least_length_mm
    reach_mm = {side: field.reach_mm for side, field in fields.items()}

    def in_view(key: NerveKey) -> bool:
        """Whether enough of its side is in the image."""
        side, nerve = key
        return side in reach_mm and (nerve not in CORDS or reach_mm[side] >= cords_from_mm)

    return {
        key: ReasonCode.NERVE_NOT_FOUND if in_view(key) else outside[key[0]]
        for key in NERVE_KEYS
        if key not in nerves
    }
