"""Frames of one series, apart by what makes a volume: stack, kind, echo, orientation, time.

Frames are only parted by what the header says. Where it does not say what parts them, they stay
together and the gate refuses them.
"""

from collections import Counter, defaultdict
from collections.abc import Hashable, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from plexus_mri.io.dicom_checks import Problem
from plexus_mri.io.dicom_frames import Frame, values_of
from plexus_mri.io.dicom_keys import PART_KEYS
from plexus_mri.io.dicom_stack import (
    MAX_TURN,
    Stack,
    gate,
    in_order,
    is_turn,
    numbered_places,
    offsets_mm,
    refused,
    without_copies,
)
from plexus_mri.reasons import ReasonCode

_MOST_VOLUMES = 20  # longer series in time are functional or perfusion studies: one row for all
_SAME_OFFSET_MM = 0.1
_STATION = "place within the slice"
_WORDS = {
    "InversionTime": "inversion time",
    "FlipAngle": "flip angle",
    "DiffusionBValue": "diffusion weight",
    "TemporalPositionIdentifier": "temporal position",
    "TemporalPositionIndex": "temporal position",
    "TemporalPositionTimeOffset": "temporal position",
    "TriggerTime": "trigger time",
    "AcquisitionNumber": "acquisition",
    "AcquisitionTime": "time of acquisition",
}


def split_series(frames: Sequence[Frame]) -> tuple[Stack, ...]:
    """Stacks of one series, each through the gate.

    Frames are parted by stack ID, image type (magnitude or phase, Dixon part) and echo; then by
    orientation, if every orientation makes a sound stack; then, where several frames lie at one
    place, by inversion time, flip angle, diffusion weight, temporal position or acquisition.
    """
    by_id: dict[str, list[Frame]] = defaultdict(list)
    for frame in frames:
        by_id[frame.stack_id].append(frame)
    return tuple(stack for key in sorted(by_id) for stack in _by_orientation(by_id[key]))


def _by_orientation(frames: Sequence[Frame]) -> list[Stack]:
    """One orientation each; all refused together when one of them is no sound stack."""
    parts = _turns(frames)
    stacks = [s for part in parts for kind in _kinds(part) for s in _by_volume(kind)]
    if len(parts) == 1:
        return stacks
    if any(stack.problem for stack in stacks):
        detail = f"the slices have {len(parts)} orientations that do not make whole stacks"
        problem = (ReasonCode.GEO_MIXED_ORIENTATION, detail)
        return [refused(kind, problem) for kind in _kinds(frames)]
    note = f"one of {len(parts)} orientations of its series"
    return [replace(stack, note="; ".join(filter(None, (note, stack.note)))) for stack in stacks]


def _kinds(frames: Sequence[Frame]) -> list[list[Frame]]:
    """Frames by image type and echo."""
    groups: dict[tuple[Hashable, ...], list[Frame]] = defaultdict(list)
    for frame in frames:
        echo = None if frame.echo_ms is None else round(frame.echo_ms, 2)
        groups[frame.image_type, echo].append(frame)
    return [groups[key] for key in sorted(groups, key=str)]


def _turns(frames: Sequence[Frame]) -> list[list[Frame]]:
    """Frames by orientation; those that state none stay with the first."""
    turns: list[tuple[npt.NDArray[np.floating], list[Frame]]] = []
    homes: dict[tuple[float, ...] | None, list[Frame]] = {}
    for frame in frames:
        if not is_turn(frame.orientation):
            continue
        if frame.orientation not in homes:
            own = np.array(frame.orientation)
            near = (members for turn, members in turns if np.abs(own - turn).max() <= MAX_TURN)
            homes[frame.orientation] = next(near, [])
            if not homes[frame.orientation]:
                turns.append((own, homes[frame.orientation]))
        homes[frame.orientation].append(frame)
    if len(turns) < 2:
        return [list(frames)]
    lost = [frame for frame in frames if not is_turn(frame.orientation)]
    return [members + (lost if k == 0 else []) for k, (_, members) in enumerate(turns)]


def _by_volume(frames: Sequence[Frame]) -> list[Stack]:
    """Volumes that lie at the same places, apart by what the header says of them."""
    if "MOSAIC" in frames[0].image_type:
        return [refused(frames, (ReasonCode.KIND_MOSAIC, "the slices share one frame"))]
    unique, copies = without_copies(frames)
    if any(f.position_mm is None or not is_turn(f.orientation) for f in unique):
        return [gate(unique, copies)]
    unique = in_order(unique)
    places = numbered_places(unique)
    if len(set(places)) == len(unique):
        return [gate(unique, copies)]
    found = _parting(unique, places)
    if found is None:
        return [refused(unique, _repeat_problem(unique, places))]
    key, marks = found
    count = len(set(marks))
    if count > _MOST_VOLUMES:
        detail = f"{count} volumes in one series; export those that are wanted"
        return [refused(unique, (ReasonCode.PIXEL_4D, detail))]
    stacks = []
    for number, mark in enumerate(sorted(set(marks)), start=1):
        own = [frame for frame, m in zip(unique, marks, strict=True) if m == mark]
        note = f"volume {number} of {count}, apart by {_WORDS.get(key, key)}"
        stack = _volume(own, copies, of_places=_expected(key, places))
        stacks.append(replace(stack, note=note, part=0 if key == _STATION else number))
    return stacks


def _parting(frames: Sequence[Frame], places: Sequence[int]) -> tuple[str, list[float]] | None:
    """What parts frames at one place, and the mark of each frame's volume; None when nothing does.

    A key parts them when no two frames of one volume lie at one place.
    """
    marks_by_key = {_STATION: _stations(frames)}
    marks_by_key |= {key: _ranks(values_of(frames, key)) for key in PART_KEYS}
    marks_by_key["order of instances"] = _blocks(frames, places)
    for key, marks in marks_by_key.items():
        if len(set(marks)) > 1 and len(set(zip(places, marks, strict=True))) == len(frames):
            return key, marks
    return None


def _stations(frames: Sequence[Frame]) -> list[float]:
    """Number of the in-plane position of each frame: stations of one orientation lie apart."""
    offsets = np.round(offsets_mm(frames) / _SAME_OFFSET_MM).astype(int)
    _, numbers = np.unique(offsets, axis=0, return_inverse=True)
    return [float(n) for n in numbers.ravel()]


def _ranks(values: Sequence[str]) -> list[float]:
    """Order of each value: by number where all are numbers, else as text."""
    try:
        order = sorted(set(values), key=lambda text: float(text or 0))
    except ValueError:
        order = sorted(set(values))
    rank = {value: float(k) for k, value in enumerate(order)}
    return [rank[value] for value in values]


def _blocks(frames: Sequence[Frame], places: Sequence[int]) -> list[float]:
    """Volume of each frame when instances are numbered volume by volume.

    Believed only where the header says how many volumes there are (GE says no more than that).
    """
    slices = len(set(places))
    numbers = [frame.instance_number for frame in frames]
    if frames[0].times * slices != len(frames) or len(set(numbers)) < len(frames):
        return [0.0] * len(frames)
    order = np.argsort(np.argsort(np.array(numbers, dtype=float)))
    return [float(k // slices) for k in order]


def _expected(key: str, places: Sequence[int]) -> int:
    """Slices that every volume must have; stations lie at places of their own."""
    return 0 if key == _STATION else len(set(places))


def _volume(
    frames: Sequence[Frame],
    copies: Sequence[tuple[Frame, Frame]],
    *,
    of_places: int,
) -> Stack:
    """One volume through the gate; incomplete ones are refused even when they end early."""
    kept = set(map(id, frames))
    stack = gate(frames, [pair for pair in copies if id(pair[0]) in kept])
    if stack.problem is None and len(frames) < of_places:
        detail = f"{of_places - len(frames)} of {of_places} slice positions of this volume"
        return refused(frames, (ReasonCode.GEO_MISSING_SLICE, f"{detail} are missing"))
    return stack


def _repeat_problem(frames: Sequence[Frame], places: Sequence[int]) -> Problem:
    """Several frames at one place that nothing in the header parts."""
    counts = Counter(places)
    if len(set(counts.values())) == 1 and frames[0].times > 1:
        detail = f"{counts[0]} volumes share {len(counts)} slice positions; export one of them"
        return ReasonCode.PIXEL_4D, detail
    repeated = sum(count > 1 for count in counts.values())
    detail = f"{repeated} of {len(counts)} slice positions are taken by several slices"
    return ReasonCode.GEO_DUPLICATE_SLICE, detail
