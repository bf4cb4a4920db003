"""Index of headers: what an earlier run read of each file, so that a second run need not.

Files are known by a mark of their place in the input, with size and time of change. Persons,
objects and folders are marks too (see `disguise`), so the index names nobody; it lies in the
study's private folder all the same.
"""

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import NamedTuple

from plexus_mri import __version__
from plexus_mri.io.dicom_acquisition import About
from plexus_mri.io.dicom_checks import Problem
from plexus_mri.io.dicom_frames import DicomFile, Frame, Reading
from plexus_mri.io.dicom_scaling import Scaling
from plexus_mri.io.discover import Found, State
from plexus_mri.io.file_kind import FileKind
from plexus_mri.io.packed import DAMAGE, keep, kept, packed, unpacked
from plexus_mri.reasons import ReasonCode

FILE_NAME = "headers.gz"
_NOWHERE = Path()
Look = DicomFile | FileKind
LOOK_KINDS = (About, DicomFile, FileKind, Frame, ReasonCode, Scaling)
Entry = tuple[State, Look]


class Place(NamedTuple):
    """Mark of a file's place in the input, and its state; None when it cannot be looked at."""

    mark: str
    state: State | None


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
        paths = {place.mark: path for path, place in index.places.items()}
        try:
            stamp, marks, entries, decodes = kept(folder / FILE_NAME, (ReasonCode,))
            if stamp == index.stamp:
                own = [paths.get(mark, _NOWHERE) for mark in marks]
                known = unpacked(entries, own, LOOK_KINDS)
                index.entries = dict(zip(marks, known, strict=True))
                index.decodes = decodes
        except DAMAGE:
            return cls(folder, reading, index.places)
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
        paths = {place.mark: path for path, place in self.places.items()}
        entries = packed(list(self.entries.values()), [paths[mark] for mark in self.entries])
        keep(self.folder / FILE_NAME, (self.stamp, list(self.entries), entries, self.decodes))

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
    for name, path, state in zip(found.names, found.files, found.states, strict=True):
        folder, end = os.path.split(name)
        places[path] = Place(reading.disguise.mark(f"{inside(folder)}/{end}"), state)
    return places
