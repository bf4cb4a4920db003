"""Levels that the user states: where roots leave the spine."""

from dataclasses import dataclass

from plexus_mri.core.anatomy import Nerve, Side
from plexus_mri.core.grid import FloatArray, frozen


@dataclass(frozen=True, eq=False)
class StatedLevel:
    """Where one root leaves the spine.

    Parameters
    ----------
    root
        C5 to T1.
    point_mm : (3,)
        Its ganglion or foramen, or the middle of the disc at which it leaves; RAS+ mm.
    side
        Side of the patient; None for a place of both sides, such as a disc.
    """

    root: Nerve
    point_mm: FloatArray
    side: Side | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "point_mm", frozen(self.point_mm))

    @property
    def words(self) -> str:
        """Root, side and place, for messages."""
        x, y, z = self.point_mm
        side = "" if self.side is None else f" {self.side.value}"
        return f"{self.root.value}{side} at [{x:.1f}, {y:.1f}, {z:.1f}] mm"

    def mirrored(self) -> "StatedLevel":
        """Mirror the anatomy: x changes its sign."""
        side = None if self.side is None else self.side.opposite
        return StatedLevel(self.root, self.point_mm * (-1.0, 1.0, 1.0), side)


@dataclass(frozen=True, eq=False)
class StatedLevels:
    """All levels that a file states; at least one.

    Parameters
    ----------
    file
        Its name, for messages.
    of_discs
        Whether they are the discs of a spine segmentation instead of places that were pointed at.
    """

    file: str
    levels: tuple[StatedLevel, ...]
    of_discs: bool = False

    @property
    def words(self) -> str:
        """Each root with its place."""
        return "; ".join(level.words for level in self.levels)

    def mirrored(self) -> "StatedLevels":
        """Mirror the anatomy: x changes its sign, sides swap."""
        return StatedLevels(self.file, tuple(x.mirrored() for x in self.levels), self.of_discs)
