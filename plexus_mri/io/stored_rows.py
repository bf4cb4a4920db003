"""Rows of an earlier run over the same files: an input that has not changed is not judged again.

They lie beside the index of headers in the study's private folder, and like it name nobody.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from plexus_mri import __version__
from plexus_mri.io.dicom_frames import Reading
from plexus_mri.io.dicom_stack import Stack
from plexus_mri.io.discover import FileList, Found
from plexus_mri.io.packed import DAMAGE, keep, kept
from plexus_mri.io.series_row import Origin, SeriesRow
from plexus_mri.io.stored_stack import StoredStack
from plexus_mri.reasons import ReasonCode

FILE_NAME = "rows.gz"


@dataclass(frozen=True)
class Drafts:
    """Rows without number, subject and session, and counts of the files that are no images."""

    rows: Sequence[SeriesRow]
    others: Mapping[str, int]


@dataclass(frozen=True)
class StoredRows:
    """Where the rows of an input are kept.

    Parameters
    ----------
    mark
        Of the files in their present state, and of what decides how they are judged.
    """

    folder: Path
    found: Found
    mark: str

    @classmethod
    def of(
        cls, folder: Path, found: Found, reading: Reading, *, assert_orientation: bool
    ) -> "StoredRows":
        """Place for the rows of these files, judged in this way."""
        root = str(found.root)
        files = zip(found.names, found.states, strict=True)
        lines = (f"{name.removeprefix(root)}\0{state}" for name, state in files)
        judged = f"{__version__} {reading.rules.digest} {assert_orientation}"
        return cls(folder, found, reading.disguise.mark("\n".join((judged, *lines))))

    def read(self) -> Drafts | None:
        """Rows of the earlier run; None when there was none or anything has changed."""
        try:
            mark, rows, others = kept(self.folder / FILE_NAME, (SeriesRow, Origin, ReasonCode))
            if mark != self.mark:
                return None
            return Drafts([self._row(*row) for row in rows], others)
        except DAMAGE:
            return None

    def write(self, drafts: Drafts) -> None:
        """Keep rows that come from several files of the input and from nothing else."""
        numbers = {path: number for number, path in enumerate(self.found.files)}
        known = all(path in numbers for row in drafts.rows for path in row.paths)
        if len(numbers) < 2 or self.found.unpacked or not known:
            return
        rows = [_parts(row, numbers) for row in drafts.rows]
        keep(self.folder / FILE_NAME, (self.mark, rows, dict(drafts.others)))

    def _row(self, row: SeriesRow, numbers: Sequence[int], stack: bytes | None) -> SeriesRow:
        paths = FileList(tuple(self.found.names[number] for number in numbers))
        return replace(
            row, paths=paths, stack=None if stack is None else StoredStack(stack, paths)
        )


def _parts(
    row: SeriesRow, numbers: Mapping[Path, int]
) -> tuple[SeriesRow, list[int], bytes | None]:
    """A row without paths, the numbers of its files, and its packed stack."""
    stack = StoredStack.of(row.stack, row.paths).content if isinstance(row.stack, Stack) else None
    return replace(row, paths=(), stack=None), [numbers[path] for path in row.paths], stack
