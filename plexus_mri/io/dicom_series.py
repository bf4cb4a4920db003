"""DICOM files as series: one a series UID, or one a stack of it, each with at most one problem."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from plexus_mri.io.dicom_frames import DicomFile, Problem, describe, read_file
from plexus_mri.io.dicom_stack import Stack, split_series
from plexus_mri.reasons import ReasonCode

_DIXON_PARTS = frozenset(
    {"W", "WATER", "F", "FAT", "IP", "IN_PHASE", "OP", "OPP_PHASE", "OUT_PHASE", "DIXON"}
)
_PHASE_PARTS = frozenset({"P", "PHASE", "PHASE MAP", "R", "REAL", "I", "IMAGINARY"})
_PROJECTIONS = frozenset({"MIP", "MIN IP", "MPR", "PROJECTION IMAGE", "REFORMATTED", "MNIP"})


@dataclass(frozen=True)
class DicomSeries:
    """Files of one series and, when their headers can be read, one stack of it.

    ``problem`` is the one reason against it, ``first`` a file that tells whose it is. ``words``
    is free text for the rules, which may hold names.
    """

    first: DicomFile
    words: str
    acquisition: Mapping[str, float | str]
    paths: tuple[Path, ...]
    stack: Stack | None
    problem: Problem | None


def dicom_series(paths: Sequence[Path]) -> Iterator[DicomSeries]:
    """Every series among the files, apart by study and series UID and then by stack."""
    groups: dict[tuple[object, ...], list[DicomFile]] = defaultdict(list)
    for path in paths:
        file = read_file(path)
        other_kind = file.problem is not None and file.problem[0] is ReasonCode.KIND_NOT_IMAGE
        place = "" if file.series_uid else str(path.parent)
        groups[file.study_uid, file.series_uid, place, other_kind].append(file)
    for files in groups.values():
        yield from _stacks(files)


def _stacks(files: Sequence[DicomFile]) -> Iterator[DicomSeries]:
    problem = _file_problem(files) or _parts_problem(files)
    if problem is not None:
        first = next((f for f in files if f.frames), files[0])
        about = describe(first.path, 0)
        yield DicomSeries(first, *about, tuple(f.path for f in files), None, problem)
        return
    by_path = {file.path: file for file in files}
    for stack in split_series([frame for file in files for frame in file.frames]):
        first = by_path[stack.frames[0].path]
        used = {f.path for f in stack.frames} | {copy.path for _, copy in stack.copies}
        kind = kind_problem(stack.frames[0].image_type)
        mosaic = kind if kind and kind[0] is ReasonCode.KIND_MOSAIC else None
        problem = mosaic or stack.problem or kind
        about = describe(first.path, stack.frames[0].index)
        yield DicomSeries(first, *about, tuple(sorted(used)), stack, problem)


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
        found[file.concatenation].update(frame.instance_uid for frame in file.frames)
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
