"""DICOM files read one after another: what the files of a series share is worked out once."""

from collections import deque
from dataclasses import dataclass, replace
from pathlib import Path

from plexus_mri.io.dicom_alike import Alike, Pattern
from plexus_mri.io.dicom_attributes import Attributes
from plexus_mri.io.dicom_checks import header_problem, length_problem
from plexus_mri.io.dicom_frames import (
    GROUPS,
    OWN,
    DicomFile,
    Reading,
    described,
    frames_of,
    like_but_own,
)
from plexus_mri.io.dicom_header import DICOM_DAMAGE, Header, quiet_dicom, read_header
from plexus_mri.io.file_kind import FileStart, read_start
from plexus_mri.reasons import ReasonCode

_KNOWN = 64  # series whose headers are kept; files come in the order of their folders
_RECENT = 4  # of these, how many are compared byte for byte


@dataclass
class _Series:
    """The first of the files that say the same; ``pattern`` once a second one was found."""

    like: DicomFile
    whole: Attributes
    header: Header
    pattern: Pattern | None = None


class FileReader:
    """Reads the headers of files, those of one series after another.

    Reading a file never depends on the files before it: their headers only save work.
    """

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self._known: dict[tuple[object, ...], _Series] = {}
        self._recent: deque[_Series] = deque(maxlen=_RECENT)

    def read(self, path: Path) -> DicomFile:
        """Header and frames of one file; damage comes back as ``problem``, not as an exception."""
        with quiet_dicom():
            return self.read_quietly(path, read_start(path))

    def read_quietly(self, path: Path, start: FileStart) -> DicomFile:
        """`read` inside of `quiet_dicom`, for many files in turn."""
        try:
            return self._like_another(path, start) or self._alone(path, start)
        except DICOM_DAMAGE:
            return DicomFile(path, problem=(ReasonCode.INPUT_UNREADABLE, "its header is damaged"))

    def _like_another(self, path: Path, start: FileStart) -> DicomFile | None:
        """A file whose header repeats one of the last series; None for any other."""
        for series in self._recent:
            alike = series.pattern and series.pattern.alike(start.block)
            if alike:
                break
        else:
            return None
        if series is not self._recent[0]:
            self._recent.remove(series)
            self._recent.appendleft(series)
        if _too_short(path, start, series, alike):
            return None
        own = Attributes.of_elements(alike.own)
        return like_but_own(series.like, path, own, self._reading)

    def _alone(self, path: Path, start: FileStart) -> DicomFile:
        header = read_header(path, start)
        whole = Attributes(header.elements)
        problem = header_problem(path, header, whole)
        if problem is not None:
            return described(path, whole, self._reading)._replace(problem=problem)
        common = None if any(map(whole.has, GROUPS)) else whole.stored(but=OWN)
        if common is None:
            return self._described(path, header, whole)
        series = self._known.get(common)
        if series is not None:
            self._learn(series, header, start)
            return like_but_own(series.like, path, whole, self._reading)
        file = self._described(path, header, whole)
        if len(self._known) >= _KNOWN:
            self._known.clear()
        self._known[common] = _Series(file, whole, header)
        return file

    def _described(self, path: Path, header: Header, whole: Attributes) -> DicomFile:
        frames = tuple(frames_of(path, header, whole, self._reading))
        return described(path, whole, self._reading, frames)

    def _learn(self, series: _Series, header: Header, start: FileStart) -> None:
        """Compare the files that follow with a header of which a series has several, if it can."""
        held = header.plain and header.pixels_at < len(start.block)
        if held and series.pattern is None:
            implicit = header.syntax.is_implicit_VR
            series.pattern = Pattern.of(start.block, header.pixels_at, OWN, implicit=implicit)
            self._recent.appendleft(series)


def _too_short(path: Path, start: FileStart, series: _Series, alike: Alike) -> bool:
    header = replace(series.header, pixels_at=alike.pixels_at, file_bytes=start.file_bytes)
    return length_problem(path, header, series.whole) is not None
