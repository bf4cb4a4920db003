"""What a user asks for: one value from the command line to the engine."""

from dataclasses import dataclass, field
from pathlib import Path

from plexus_mri.batch.engine import Limits
from plexus_mri.batch.pool import HERE, Place
from plexus_mri.batch.step_names import STEPS
from plexus_mri.errors import SettingsError
from plexus_mri.io.derivatives import case_stem
from plexus_mri.settings import Settings


@dataclass(frozen=True)
class StudyRequest:
    """Input, output and how to measure.

    Parameters
    ----------
    source, out
        Input (folder, file, zip) and output folder.
    subject, session
        Names to use instead of those found.
    participants
        Only these subjects; empty for all.
    include_list, exclude_list
        YAML lists of file names, e.g. ``qc_fail.yml``: only these cases, or all but these.
    segmentation
        The user's own mask; ``{subject}`` and ``{session}`` in it are replaced.
    labels
        Label table of the mask.
    landmarks
        Where roots leave the spine; ``{subject}`` and ``{session}`` in it are replaced.
    model
        Folder of a network that finds the nerves; none by default.
    rater
        Whose corrections are used; None for the newest of anyone.
    maps
        Name and file of each further series; ``{subject}`` and ``{session}`` are replaced.
    rules
        Rules of the user for contrast and choice; the built-in ones by default.
    norms
        Healthy values of the user; the built-in, published ones by default.
    template
        Folder of a template in which each case is placed; none by default.
    assert_orientation
        The user vouches for headers whose codes say nothing about left and right.
    resume
        Leave finished cases alone when neither input nor recipe changed.
    from_step
        Step to do again, with all after it, for every case; empty for none.
    place
        Where cases are measured.
    stop_on_first_crash
        Start no further case after one that failed.

    Raises
    ------
    SettingsError
        When subject or session is no label, a step is unknown, nerves are to come from two
        places or are named twice; said before anything is read or written.
    """

    source: Path
    out: Path
    settings: Settings = field(default_factory=Settings)
    subject: str | None = None
    session: str | None = None
    participants: tuple[str, ...] = ()
    include_list: Path | None = None
    exclude_list: Path | None = None
    segmentation: str | None = None
    labels: Path | None = None
    landmarks: str | None = None
    model: Path | None = None
    rater: str | None = None
    maps: tuple[tuple[str, str], ...] = ()
    rules: Path | None = None
    norms: Path | None = None
    template: Path | None = None
    assert_orientation: bool = False
    limits: Limits = field(default_factory=Limits)
    resume: bool = True
    from_step: str = ""
    place: Place = HERE
    stop_on_first_crash: bool = False

    def __post_init__(self) -> None:
        case_stem("1" if self.subject is None else self.subject, self.session)
        if self.segmentation is not None and self.model is not None:
            raise SettingsError("--segmentation and --model both say where nerves are; give one")
        if self.landmarks is not None and self.model is not None:
            msg = "--model names its nerves itself, so --landmarks cannot name them; give one"
            raise SettingsError(msg)
        if self.from_step and self.from_step not in STEPS:
            msg = f"--from-step must be one of {', '.join(STEPS)}, got '{self.from_step}'"
            raise SettingsError(msg)
