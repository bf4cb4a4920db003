"""One case to measure, in values that travel to another process."""

from dataclasses import dataclass, field
from pathlib import Path

from plexus_mri.core.correction import Correction
from plexus_mri.core.network import NetworkModel
from plexus_mri.core.norms import Norms
from plexus_mri.io.series_row import SeriesRow
from plexus_mri.settings import Settings


@dataclass(frozen=True)
class CaseJob:
    """Image, settings and place of the results of one case.

    Parameters
    ----------
    subject, session
        Labels without ``sub-`` and ``ses-``.
    row
        The series to measure.
    segmentation, labels
        Mask of the user and its label table.
    landmarks
        Where the user says that roots leave the spine; None where nothing is said.
    maps
        Name and file of each further series of the user.
    norms
        What healthy people show.
    template, template_sha256
        Folder of the template in which the case is placed, and its fingerprint.
    model
        Network that finds the nerves; None for the program's own search.
    input_sha256, recipe_sha256
        Fingerprints of the files of the series, and of all else that shapes the result.
    correction
        Whose edit ``segmentation`` is; None where it is no correction.
    stale
        Corrections of the case that are not used, for what they edited has changed.
    from_step
        First step to do again although its result is there; empty for none.
    """

    subject: str
    session: str | None
    row: SeriesRow
    out: Path
    settings: Settings
    segmentation: Path | None = None
    labels: Path | None = None
    landmarks: Path | None = None
    maps: tuple[tuple[str, Path], ...] = ()
    norms: Norms = field(default_factory=Norms)
    template: Path | None = None
    template_sha256: str = ""
    model: NetworkModel | None = None
    assert_orientation: bool = False
    input_sha256: str = ""
    recipe_sha256: str = ""
    correction: Correction | None = None
    stale: tuple[Correction, ...] = ()
    from_step: str = ""

    @property
    def key(self) -> tuple[str, str]:
        """Subject and session; an absent session is empty."""
        return self.subject, self.session or ""
