"""Headers of many files: each file is opened once, several processes share a large input."""

import os
import pickle
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from plexus_mri.io.dicom_files import FileReader
from plexus_mri.io.dicom_frames import DicomFile, Reading
from plexus_mri.io.dicom_header import quiet_dicom
from plexus_mri.io.discover import Found
from plexus_mri.io.file_kind import (
    FileKind,
    is_nifti_name,
    kind_by_start,
    kind_word,
    read_start,
)
from plexus_mri.io.header_index import LOOK_KINDS, HeaderIndex, Look
from plexus_mri.io.packed import unpacked

_SHARED_FROM = 3000  # files; below it starting another process takes longer than reading


@dataclass(frozen=True)
class Looked:
    """Files by what they are; ``others`` counts those that are no images, by kind in words."""

    dicoms: tuple[DicomFile, ...] = ()
    niftis: tuple[Path, ...] = ()
    damaged: tuple[Path, ...] = ()
    others: Mapping[str, int] = field(default_factory=dict)


def look_at(found: Found, reading: Reading, index: HeaderIndex | None = None) -> Looked:
    """What every file is, with the headers of DICOM files.

    Parameters
    ----------
    index
        Headers of an earlier run; files that changed since are read again, and the index is told.
    """
    looks: dict[Path, Look] = {} if index is None else index.known()
    unknown = [path for path in found.files if path not in looks]
    looks |= dict(zip(unknown, look_at_all(unknown, reading), strict=True))
    if index is not None:
        index.keep(looks)
    return _sorted_out(found.files, looks)


def look_at_all(paths: Sequence[Path], reading: Reading) -> list[Look]:
    """What each file is, in the given order."""
    workers = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1
    if len(paths) < _SHARED_FROM or workers < 2:
        return look_in_turn(paths, reading)
    size = -(-len(paths) // workers)  # whole folders stay together, and with them most series
    shares = [paths[k : k + size] for k in range(0, len(paths), size)]
    with ThreadPoolExecutor(workers) as threads:
        answers = list(threads.map(lambda share: _in_another_process(share, reading), shares))
    return [look for answer in answers for look in answer]


def look_in_turn(paths: Sequence[Path], reading: Reading) -> list[Look]:
    """What each file is, read in this process."""
    reader = FileReader(reading)
    with quiet_dicom():
        return [_look(path, reader) for path in paths]


def _look(path: Path, reader: FileReader) -> Look:
    """Header of a DICOM file; the kind of any other."""
    if is_nifti_name(path):
        return FileKind.NIFTI
    start = read_start(path)
    kind = kind_by_start(path, start)
    return reader.read_quietly(path, start) if kind is FileKind.DICOM else kind


def _in_another_process(paths: Sequence[Path], reading: Reading) -> list[Look]:
    """Looks of a share of the files; read here when the other process dies.

    A plain interpreter is started and not a copy of this one, which would load the whole program.
    """
    ended = subprocess.run(
        [sys.executable, "-m", "plexus_mri.io.header_worker"],
        input=pickle.dumps((list(map(str, paths)), reading)),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    )
    if ended.returncode == 0:
        answer: list[Look] = unpacked(ended.stdout, paths, LOOK_KINDS)
        return answer
    return look_in_turn(paths, reading)


def _sorted_out(paths: Sequence[Path], looks: Mapping[Path, Look]) -> Looked:
    kinds: dict[FileKind, list[Path]] = {kind: [] for kind in FileKind}
    dicoms = []
    for path in paths:
        seen = looks[path]
        if isinstance(seen, DicomFile):
            dicoms.append(seen)
        else:
            kinds[seen].append(path)
    stems = {path.with_name(path.name.split(".")[0]) for path in kinds[FileKind.NIFTI]}
    no_sidecars = (path for path in kinds[FileKind.OTHER] if path.with_suffix("") not in stems)
    others = Counter(kind_word(path) for path in no_sidecars)
    others["zip archive"] = len(kinds[FileKind.ZIP])
    others["DICOMDIR without its files"] = 0 if dicoms else len(kinds[FileKind.DICOMDIR])
    return Looked(
        dicoms=tuple(dicoms),
        niftis=tuple(kinds[FileKind.NIFTI]),
        damaged=tuple(kinds[FileKind.DAMAGED]),
        others=+others,
    )
