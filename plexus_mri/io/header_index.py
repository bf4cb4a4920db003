"""Index of headers: what an earlier run read of each file, so that a second run need not.

Files are known by a mark of their place in the input, with size and time of change. Persons,
objects and folders are marks too (see `disguise`), so the index names nobody; it lies in the
study's private folder all the same.
"""

import io
import os
import pickle
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import NamedTuple

from isal import igzip

from plexus_mri import __version__
from plexus_mri.errors import OutputError
from plexus_mri.io.atomic import write_bytes
from plexus_mri.io.collector import collector_paused
from plexus_mri.io.dicom_acquisition import About
from plexus_mri.io.dicom_checks import Problem
from plexus_mri.io.dicom_frames import DicomFile, Frame, Reading
from plexus_mri.io.dicom_scaling import Scaling
from plexus_mri.io.discover import Found
from plexus_mri.io.file_kind import FileKind
from plexus_mri.reasons import ReasonCode

FILE_NAME = "headers.gz"
_NOWHERE = Path()
_DAMAGE = (OSError, ValueError, TypeError, LookupError, EOFError, AttributeError, zlib.error)
_ALLOWED = {
    (kind.__module__, kind.__qualname__): kind
    for kind in (About, DicomFile, FileKind, Frame, ReasonCode, Scaling)
}
Look = DicomFile | FileKind
State = tuple[int, int]  # bytes and time of change in ns
Entry = tuple[State, Look]


class Place(NamedTuple):
    """Mark of a file's place in the input, and its state; None when it cannot be looked at."""

    mark: str
    state: State | None


class _Packing(pickle.Pickler):
    """Writes the mark of a file's place where its path would stand."""

    def __init__(self, stream: io.BytesIO, places: Mapping[Path, Place]) -> None:
        super().__init__(stream, pickle.HIGHEST_PROTOCOL)
        self._places = places

    def persistent_id(self, obj: object) -> str | None:
        return self._places[obj].mark if isinstance(obj, Path) else None


class _OurValues(pickle.Unpickler):
    """Reads values of this package alone: a file that someone put there cannot run anything.

    Paths are those of this run, by the mark of their place.
    """

    def __init__(self, stream: io.BytesIO, places: Mapping[Path, Place]) -> None:
        super().__init__(stream)
        self._paths = {place.mark: path for path, place in places.items()}

    def persistent_load(self, pid: object) -> Path:
        return self._paths.get(pid, _NOWHERE) if isinstance(pid, str) else _NOWHERE

    def find_class(self, module: str, name: str) -> object:
        if (module, name) not in _ALLOWED:
            msg = f"{module}.{name} is not part of an index"
            raise pickle.UnpicklingError(msg)
        return _ALLOWED[module, name]


@dataclass
class HeaderIndex:
    """Headers by place in the input.

    Parameters
    ----------
    folder
        Private folder of the study.
    places
        Where the files of this run lie.
    entries
        By the mark of a file's place.
    decodes
        What was wrong with the pixels of a series (by a mark of its files); None for nothing.
    """

    folder: Path
    reading: Reading
    places: Mapping[Path, Place]
    entries: Mapping[str, Entry] = field(default_factory=dict)
    decodes: dict[str, Problem | None] = field(default_factory=dict)
    _changed: bool = False

    @classmethod
    def open(cls, folder: Path, found: Found, reading: Reading) -> "HeaderIndex":
        """Index of a folder; empty when there is none, or one of another version or rules."""
        index = cls(folder, reading, _places(found, reading))
        try:
            packed = igzip.decompress((folder / FILE_NAME).read_bytes())
            with collector_paused():
                stamp, entries, decodes = _OurValues(io.BytesIO(packed), index.places).load()
        except (*_DAMAGE, pickle.UnpicklingError):
            return index
        if stamp == index.stamp:
            index.entries, index.decodes = entries, decodes
        return index

    @property
    def stamp(self) -> str:
        """What decides how a header is read."""
        return f"{__version__} {self.reading.rules.digest}"

    def known(self) -> dict[Path, Look]:
        """What an earlier run saw in the files that have not changed since."""
        known = {}
        for path, (mark, state) in self.places.items():
            entry = self.entries.get(mark)
            if entry is not None and entry[0] == state:
                known[path] = entry[1]
        return known

    def keep(self, looks: Mapping[Path, Look]) -> None:
        """Take what was seen in the files of this run, and forget those that are gone."""
        old = self.entries
        self.entries = {
            place.mark: (place.state, looks[path])
            for path, place in self.places.items()
            if place.state is not None
        }
        self._changed |= self.entries != old

    def save(self) -> None:
        """Write the index if anything changed; a folder that cannot be written costs only time."""
        if not self._changed:
            return
        stream = io.BytesIO()
        _Packing(stream, self.places).dump((self.stamp, self.entries, self.decodes))
        packed = igzip.compress(stream.getbuffer(), compresslevel=1, mtime=0)
        try:
            write_bytes(self.folder / FILE_NAME, packed)
        except OutputError:
            return

    def mark(self, paths: Iterable[Path], which: int) -> str:
        """Mark of one of the series in several files, in their present state."""
        places = (self.places[path] for path in paths)
        states = (f"{place.mark} {place.state}" for place in places)
        return self.reading.disguise.mark("\n".join((str(which), *states)))

    def pixels(self, mark: str) -> tuple[bool, Problem | None]:
        """Whether an earlier run proved the pixels of a series, and what was wrong with them."""
        return mark in self.decodes, self.decodes.get(mark)

    def keep_pixels(self, mark: str, problem: Problem | None) -> None:
        """Take what the pixels of a series came to."""
        self.decodes[mark] = problem
        self._changed = True


def _places(found: Found, reading: Reading) -> dict[Path, Place]:
    """Where every file lies, as a mark, and its state."""

    @cache
    def inside(folder: str) -> str:
        return str(found.relative(Path(folder)))

    places = {}
    for path in found.files:
        folder, name = os.path.split(path)
        mark = reading.disguise.mark(f"{inside(folder)}/{name}")
        places[path] = Place(mark, _state(path))
    return places


def _state(path: Path) -> State | None:
    """Size and time of change; None when the file cannot be looked at."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_size, found.st_mtime_ns
