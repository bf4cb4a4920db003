"""DICOM files as series: one a series UID, or one a stack of it, each with at most one problem."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from plexus_mri.io.dicom_acquisition import About
from plexus_mri.io.dicom_checks import Problem
from plexus_mri.io.dicom_frames import DicomFile
from plexus_mri.io.dicom_split import split_series
from plexus_mri.io.dicom_stack import Stack
from plexus_mri.reasons import ReasonCode

_DIXON_PARTS = frozenset(
    {"W", "WATER", "F", "FAT", "IP", "IN_PHASE", "OP", "OPP_PHASE", "OUT_PHASE", "DIXON"}
)
_PHASE_PARTS = frozenset({"P", "PHASE", "PHASE MAP", "R", "REAL", "I", "IMAGINARY"})
_PROJECTIONS = frozenset({"MIP", "MIN IP", "MPR", "PROJECTION IMAGE", "REFORMATTED", "MNIP"})
# Counting the frames of these gives no shape.
_NO_SHAPE = frozenset(
    {ReasonCode.PIXEL_4D, ReasonCode.KIND_MOSAIC, ReasonCode.GEO_DUPLICATE_SLICE}
    | {ReasonCode.GEO_MIXED_SIZE, ReasonCode.GEO_MIXED_ORIENTATION}
)


@dataclass(frozen=True)
class DicomSeries:
    """Files of one series and, when its geometry is proven, one stack of it.

    ``problem`` is the one reason against it, ``first`` a file that tells whose it is, ``shape``
    what can be said of a stack that is refused.
    """

    first: DicomFile
    about: About
    paths: tuple[Path, ...]
    stack: Stack | None
    problem: Problem | None
    shape: tuple[int, int, int] | None = None
    note: str = ""
    part: int = 0


def dicom_series(files: Sequence[DicomFile]) -> Iterator[DicomSeries]:
    """Every series among the files, apart by study and series UID and then by stack."""
    groups: dict[tuple[object, ...], list[DicomFile]] = defaultdict(list)
    for file in files:
        other_kind = file.problem is not None and file.problem[0] is ReasonCode.KIND_NOT_IMAGE
        place = "" if file.series else str(file.path.parent)
        groups[file.patient, file.study, file.series, place, other_kind].append(file)
    for members in groups.values():
        yield from _stacks(members)


def _stacks(files: Sequence[DicomFile]) -> Iterator[DicomSeries]:
    problem = _file_problem(files) or _parts_problem(files)
    if problem is not None:
        first = next((f for f in files if f.frames), files[0])
        yield DicomSeries(first, first.about, tuple(f.path for f in files), None, problem)
        return
    by_path = {file.path: file for file in files}
    for stack in split_series([frame for file in files for frame in file.frames]):
        used = {f.path for f in stack.frames} | {copy.path for _, copy in stack.copies}
        yield DicomSeries(
            first=by_path[stack.frames[0].path],
            about=stack.frames[0].about,
            paths=tuple(sorted(used, key=lambda path: path.parts)),
            stack=None if stack.problem else stack,
            problem=_joined(kind_problem(stack.frames[0].image_type), stack.problem),
            shape=_known_shape(stack),
            note=stack.note,
            part=stack.part,
        )


def _joined(kind: Problem | None, geometry: Problem | None) -> Problem | None:
    """What an image is comes before what is wrong with it; both are said."""
    if kind is None or geometry is None or kind[0] is geometry[0]:
        return kind or geometry
    return kind[0], f"{kind[1]}; {geometry[1]}"


def _known_shape(stack: Stack) -> tuple[int, int, int] | None:
    """Shape, unless counting the frames gives none."""
    return None if stack.problem and stack.problem[0] in _NO_SHAPE else stack.shape


def _file_problem(files: Sequence[DicomFile]) -> Problem | None:
    """The commonest problem of single files; one bad file spoils its series."""
    problems = Counter(file.problem for file in files if file.problem)
    if not problems:
        return None
    reason, detail = problems.most_common(1)[0][0]
    if len(files) > 1:
        detail = f"{detail} ({problems.total()} of {len(files)} files)"
    return reason, detail


def _parts_problem(files: Sequence[DicomFile]) -> Problem | None:
    """Files that are lost of an object that was cut into several."""
    found: dict[tuple[str, float], set[str]] = defaultdict(set)
    for file in files:
        found[file.concatenation].update(frame.instance for frame in file.frames)
    for (uid, total), instances in found.items():
        if uid and len(instances) < total:
            detail = f"{total - len(instances):.0f} of {total:.0f} files of one object are missing"
            return ReasonCode.GEO_MISSING_SLICE, detail
    return None


def kind_problem(image_type: Sequence[str]) -> Problem | None:
    """Why an image of this Image Type (DICOM PS3.3 C.7.6.1.1.2) is not measured."""
    parts = frozenset(image_type)
    if "MOSAIC" in parts:
        return ReasonCode.KIND_MOSAIC, "the slices share one frame; export them apart"
    if "LOCALIZER" in parts:
        return ReasonCode.KIND_LOCALIZER, "a localizer"
    if parts & _PHASE_PARTS:
        return ReasonCode.KIND_DERIVED, "a phase, real or imaginary image, not a magnitude"
    if parts & _PROJECTIONS or "SECONDARY" in parts:
        return ReasonCode.KIND_DERIVED, "a projection or reformatted copy"
    if "DERIVED" in parts and not parts & _DIXON_PARTS:
        return ReasonCode.KIND_DERIVED, "computed from other images"
    return None
