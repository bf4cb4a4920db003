"""Index of headers: what an earlier run read of each file, so that a second run need not.

Files are known by a mark of their place in the input, with size and time of change. Persons,
objects and folders are marks too (see `disguise`), so the index names nobody; it lies in the
study's private folder all the same.
"""

import io
import pickle
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from isal import igzip

from plexus_mri import __version__
from plexus_mri.errors import OutputError
from plexus_mri.io.atomic import write_bytes
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
    for kind in (About, DicomFile, FileKind, Frame, ReasonCode, Scaling, type(_NOWHERE))
}
Look = DicomFile | FileKind
Entry = tuple[int, int, Look]  # bytes, time of change in ns, what was seen


class _OurValues(pickle.Unpickler):
    """Reads values of this package alone: a file that someone put there cannot run anything."""

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
    entries
        By the mark of a file's place.
    decodes
        What was wrong with the pixels of a series (by a mark of its files); None for nothing.
    """

    folder: Path
    found: Found
    reading: Reading
    entries: dict[str, Entry] = field(default_factory=dict)
    decodes: dict[str, Problem | None] = field(default_factory=dict)
    _changed: bool = False
    _seen: dict[Path, tuple[str, tuple[int, int] | None]] = field(default_factory=dict)

    @classmethod
    def open(cls, folder: Path, found: Found, reading: Reading) -> "HeaderIndex":
        """Index of a folder; empty when there is none, or one of another version or rules."""
        index = cls(folder, found, reading)
        try:
            packed = igzip.decompress((folder / FILE_NAME).read_bytes())
            stamp, entries, decodes = _OurValues(io.BytesIO(packed)).load()
        except (*_DAMAGE, pickle.UnpicklingError):
            return index
        if stamp == index.stamp:
            index.entries, index.decodes = entries, decodes
        return index

    @property
    def stamp(self) -> str:
        """What decides how a header is read."""
        return f"{__version__} {self.reading.rules.digest}"

    def known(self, path: Path) -> Look | None:
        """What an earlier run saw in a file; None when the file is new or changed."""
        mark, state = self._place(path)
        entry = self.entries.get(mark)
        if entry is None or entry[:2] != state:
            return None
        return _placed(entry[2], path)

    def keep(self, looks: Mapping[Path, Look]) -> None:
        """Take what was seen in the files of this run, and forget those that are gone."""
        old, self.entries = self.entries, {}
        for path, look in looks.items():
            mark, state = self._place(path)
            if mark in old and old[mark][:2] == state:
                self.entries[mark] = old[mark]
            elif state is not None:
                self.entries[mark] = (*state, _placed(look, _NOWHERE))
                self._changed = True
        self._changed |= len(self.entries) != len(old)

    def save(self) -> None:
        """Write the index if anything changed; a folder that cannot be written costs only time."""
        if not self._changed:
            return
        packed = pickle.dumps((self.stamp, self.entries, self.decodes), pickle.HIGHEST_PROTOCOL)
        try:
            write_bytes(self.folder / FILE_NAME, igzip.compress(packed, compresslevel=1, mtime=0))
        except OutputError:
            return

    def mark(self, paths: Iterable[Path], which: int) -> str:
        """Mark of one of the series in several files, in their present state."""
        return self.reading.disguise.mark(repr([which, *map(self._place, paths)]))

    def _place(self, path: Path) -> tuple[str, tuple[int, int] | None]:
        """Mark of a file's place in the input, and its state when it was first looked at."""
        if path not in self._seen:
            place = str(self.found.relative(path))
            self._seen[path] = (self.reading.disguise.mark(place), _state(path))
        return self._seen[path]

    def pixels(self, mark: str) -> tuple[bool, Problem | None]:
        """Whether an earlier run proved the pixels of a series, and what was wrong with them."""
        return mark in self.decodes, self.decodes.get(mark)

    def keep_pixels(self, mark: str, problem: Problem | None) -> None:
        """Take what the pixels of a series came to."""
        self.decodes[mark] = problem
        self._changed = True


def _state(path: Path) -> tuple[int, int] | None:
    """Size and time of change; None when the file cannot be looked at."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_size, found.st_mtime_ns


def _placed(look: Look, path: Path) -> Look:
    """The same look with another path: an index holds none."""
    if not isinstance(look, DicomFile):
        return look
    frames = tuple(replace(frame, path=path) for frame in look.frames)
    return replace(look, path=path, frames=frames)
