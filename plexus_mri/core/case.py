"""Case and CaseResult: what goes into the flow and what comes out of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from plexus_mri.core.anatomy import NERVE_KEYS, NerveKey
from plexus_mri.core.comparison import Comparison, PooledComparison
from plexus_mri.core.correction import Correction
from plexus_mri.core.frame import PatientFrame
from plexus_mri.core.grid import BoolArray
from plexus_mri.core.landmarks import StatedLevels
from plexus_mri.core.measurement import MeasurementTable
from plexus_mri.core.muscle import MuscleTable
from plexus_mri.core.nerve_tree import NerveTree
from plexus_mri.core.network import NetworkModel
from plexus_mri.core.norms import Norms
from plexus_mri.core.series_map import MapProfiles, RegisteredMap, SeriesMap
from plexus_mri.core.taper import Taper
from plexus_mri.core.template import Template, TemplateMatch
from plexus_mri.core.volume import EvenImage, LabelMap, Volume
from plexus_mri.reasons import ReasonCode


@dataclass(frozen=True)
class SeriesInfo:
    """What is known of the main image's series, without anything that names the patient.

    ``series`` is our own number in the inventory; ``source_sha256`` is over the pixel files.
    """

    series: int
    contrast: str
    plane: str
    orientation_source: str
    files: int
    source_sha256: str
    rule: str = ""
    acquisition: Mapping[str, float | str] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class OwnMask:
    """A mask of the user: labels on any grid, and which nerve each label is.

    Several labels may be parts of one nerve. ``ganglia`` are the labels that are the dorsal root
    ganglion of their root. ``unnamed`` are labels of nerves that nobody named; then none is
    named. ``correction`` tells whose edit of an earlier label map it is; None for
    any other mask.
    """

    labels: LabelMap
    nerve_of_index: Mapping[int, NerveKey]
    correction: Correction | None = None
    ganglia: frozenset[int] = frozenset()
    unnamed: frozenset[int] = frozenset()

    @property
    def nerves(self) -> tuple[NerveKey, ...]:
        """Each nerve once, in the order of its first label."""
        return tuple(dict.fromkeys(self.nerve_of_index[i] for i in sorted(self.nerve_of_index)))

    def indices_of(self, key: NerveKey) -> tuple[int, ...]:
        """Labels that are parts of a nerve, its ganglion included, in their order."""
        return tuple(i for i in sorted(self.nerve_of_index) if self.nerve_of_index[i] == key)

    def voxels(self, key: NerveKey) -> BoolArray:
        """Voxels of a nerve, without its ganglion where that is a label of its own."""
        return np.isin(
            self.labels.data, [i for i in self.indices_of(key) if i not in self.ganglia]
        )

    def ganglion_voxels(self, key: NerveKey) -> BoolArray:
        """Voxels of a root's ganglion; none where it is no label of its own."""
        return np.isin(self.labels.data, [i for i in self.indices_of(key) if i in self.ganglia])


@dataclass(frozen=True)
class CaseWarning:
    """Something a reader must know: a reason code and where it applies."""

    reason: ReasonCode
    where: str
    sentence: str


@dataclass(frozen=True, eq=False)
class Case:
    """One subject's image, ready for the flow.

    ``norms`` are what healthy people show, bound to the image's contrast; none by default.
    ``warnings`` are known before it is measured. ``template`` is where nerves are expected.
    ``model`` finds the nerves in place of the program's own search. ``stated`` are levels that
    the user names for that search.
    """

    subject: str
    session: str | None
    image: Volume
    series: SeriesInfo
    own_mask: OwnMask | None = None
    maps: tuple[SeriesMap, ...] = ()
    norms: Norms = field(default_factory=Norms)
    warnings: tuple[CaseWarning, ...] = ()
    template: Template | None = None
    model: NetworkModel | None = None
    stated: StatedLevels | None = None

    @property
    def is_searched(self) -> bool:
        """Whether any nerve is looked for in the image instead of taken from the user's mask."""
        if self.own_mask is None or self.own_mask.unnamed:
            return True
        correction = self.own_mask.correction
        return correction is not None and set(correction.redrawn) != set(NERVE_KEYS)

    @property
    def stated_in_force(self) -> StatedLevels | None:
        """Stated levels where they name anything: none where a mask or a network names all."""
        return self.stated if self.is_searched and self.model is None else None


@dataclass(frozen=True)
class QualityNumber:
    """One number about the image or result, with its cut-off and where that comes from.

    ``passed`` is None when there is no cut-off.
    """

    name: str
    value: float | None
    unit: str
    cutoff: str
    source: str
    passed: bool | None

    @property
    def words(self) -> str:
        """Name in words, without the unit that stands beside the value.

        >>> QualityNumber("edge_width_mm", 1.2, "mm", "at most 1.6", "", True).words
        'edge width'
        """
        name = self.name.removesuffix("_mm").removesuffix("_percent").replace("_", " ")
        return name.replace("cnr", "contrast-to-noise ratio")


@dataclass(frozen=True, eq=False)
class CaseResult:
    """Everything measured on one case; ``frame`` is None when no midline was found.

    ``map_profiles`` holds, for each registered map, its mean over the cross-sections along each
    nerve (n,), node by node with the nerve's profile.

    ``even`` is the image freed of shading and ``labels`` the nerves (numbered by
    ``core.anatomy.label_index``), both in RAS axis order; ``case.image`` keeps the stored order.

    ``template`` tells where the case lies in the case's template; None where it has none.
    """

    case: Case
    even: EvenImage
    frame: PatientFrame | None
    labels: LabelMap
    nerves: NerveTree
    table: MeasurementTable
    asymmetry: tuple[Comparison, ...]
    quality: tuple[QualityNumber, ...]
    warnings: tuple[CaseWarning, ...]
    stage_seconds: Mapping[str, float] = field(default_factory=dict)
    maps: tuple[RegisteredMap, ...] = ()
    map_profiles: MapProfiles = field(default_factory=dict)
    pooled: tuple[PooledComparison, ...] = ()
    template: TemplateMatch | None = None
    tapers: tuple[Taper, ...] = ()
    muscles: MuscleTable = field(default_factory=MuscleTable)

    @property
    def image(self) -> Volume:
        """Bias-corrected image, RAS axis order."""
        return self.even.image
