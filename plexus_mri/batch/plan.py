"""From a request to the cases it asks for, and the subjects that have no usable image."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from plexus_mri.batch.case_job import CaseJob
from plexus_mri.batch.case_lists import is_listed, listed_cases
from plexus_mri.batch.corrections import Choice, check_rater_is_known, choose_correction
from plexus_mri.batch.outcome import CaseOutcome, outcome_of_error
from plexus_mri.batch.pseudonym import keep_salt, private_folder, study_salt
from plexus_mri.batch.recipe import files_sha256, recipe_sha256
from plexus_mri.batch.request import StudyRequest
from plexus_mri.batch.software import versions_with
from plexus_mri.batch.source import check_source
from plexus_mri.core.correction import Correction
from plexus_mri.core.network import NetworkModel
from plexus_mri.core.norms import Norms
from plexus_mri.errors import InputError, SettingsError
from plexus_mri.io.corrections import label_table_path, mask_path, read_corrections
from plexus_mri.io.disguise import StudySecret
from plexus_mri.io.inventory import Inventory, take_inventory
from plexus_mri.io.mask import read_label_table
from plexus_mri.io.network_model import read_network_model
from plexus_mri.io.reference import read_norms
from plexus_mri.io.series_row import SeriesRow
from plexus_mri.io.series_rules import SeriesRules
from plexus_mri.io.template import read_template
from plexus_mri.reasons import ReasonCode


@dataclass(frozen=True)
class Unusable:
    """A subject of the input with no image that can be measured, and why."""

    subject: str
    session: str | None
    outcome: CaseOutcome

    @property
    def key(self) -> tuple[str, str]:
        """Subject and session; an absent session is empty."""
        return self.subject, self.session or ""


@dataclass(frozen=True)
class StudyPlan:
    """What a study comes to: the whole input, the cases to measure and those that cannot be."""

    inventory: Inventory
    jobs: tuple[CaseJob, ...]
    unusable: tuple[Unusable, ...]

    @property
    def cases(self) -> tuple[CaseJob | Unusable, ...]:
        """All cases that were asked for."""
        return (*self.jobs, *self.unusable)


def survey(request: StudyRequest, study: Path | None) -> Inventory:
    """Inventory of the input, from its headers; writes nothing.

    Parameters
    ----------
    study
        Output folder, whose salt and index of headers are used; None when there is none.

    Raises
    ------
    InputError
        When the input does not exist or holds no image.
    """
    check_source(request.source)
    return take_inventory(
        request.source,
        subject=request.subject,
        session=request.session,
        secret=StudySecret(
            study_salt(request.source, study),
            None if study is None else private_folder(study),
        ),
        rules=SeriesRules.read(request.rules),
        assert_orientation=request.assert_orientation,
    )


def keep_private(source: Path, study: Path, inventory: Inventory) -> None:
    """Keep the salt, and what was read of headers, in the study's private folder.

    Raises
    ------
    OutputError
        When they cannot be written.
    """
    keep_salt(study, study_salt(source, study))
    if inventory.for_next_run is not None:
        inventory.for_next_run.save()


def of_participants(inventory: Inventory, participants: Sequence[str]) -> Inventory:
    """Rows of the asked-for subjects; all of them when none are asked for.

    Raises
    ------
    SettingsError
        When a label matches nobody; names those who exist.
    """
    wanted = {_label(label) for label in participants}
    present = {_label(row.subject) for row in inventory.rows}
    if missing := sorted(wanted - present):
        msg = f"no participant {', '.join(missing)} in the input; there are: "
        raise SettingsError(msg + ", ".join(sorted(present)))
    rows = (row for row in inventory.rows if not wanted or _label(row.subject) in wanted)
    return replace(inventory, rows=tuple(rows))


def make_plan(request: StudyRequest) -> StudyPlan:
    """Survey the input and decide what to measure; writes nothing.

    Raises
    ------
    InputError, SettingsError
        As `survey`, `of_participants`, `read_norms`, `read_template` and `read_network_model`, and
        when mask or landmarks cannot fit the cases.
    """
    norms = read_norms(request.norms)
    model = _model(request)
    template = read_template(request.template).digest if request.template is not None else ""
    everyone = survey(request, request.out)
    inventory = of_participants(everyone, request.participants)
    names = _chosen(inventory.subjects(), request)
    _check_own_files(request, len(names))
    corrections = read_corrections(request.out)
    check_rater_is_known(corrections, request.rater)
    jobs, unusable = [], []
    for subject, session in names:
        row = inventory.chosen(subject, session)
        if row is not None:
            job = _job(request, row, norms, template, model)
            jobs.append(_corrected(job, corrections, request))
        else:
            outcome = outcome_of_error(inventory.why_none(subject, session))
            unusable.append(Unusable(_label(subject), session, outcome))
    return StudyPlan(everyone, tuple(jobs), tuple(unusable))


def _chosen(
    names: Sequence[tuple[str, str | None]], request: StudyRequest
) -> tuple[tuple[str, str | None], ...]:
    """Cases that the include and exclude lists leave."""
    kept = tuple(names)
    for path, wanted in ((request.include_list, True), (request.exclude_list, False)):
        if path is not None:
            cases = listed_cases(path)
            kept = tuple(n for n in kept if is_listed((_label(n[0]), n[1] or ""), cases) == wanted)
    return kept


def _label(subject: str) -> str:
    return subject.removeprefix("sub-")


def _check_own_files(request: StudyRequest, cases: int) -> None:
    if request.labels is not None and request.segmentation is None:
        raise SettingsError("--labels needs --segmentation, the mask whose labels it explains")
    if request.segmentation is not None and request.labels is None:
        raise SettingsError("--segmentation needs --labels, which say what its numbers mean")
    _check_maps(request, cases)
    if request.landmarks and request.labels and not read_label_table(request.labels).unnamed:
        msg = "--segmentation names its nerves itself, so --landmarks cannot name them; give one"
        raise SettingsError(msg)
    own = {"mask": request.segmentation, "file of landmarks": request.landmarks}
    for kind, file in own.items():
        if cases > 1 and file and "{subject}" not in file:
            msg = f"one {kind} '{file}' cannot fit {cases} cases; "
            raise SettingsError(msg + "put {subject} (and {session}) into its path")


def _check_maps(request: StudyRequest, cases: int) -> None:
    """Refuse one map for several cases, and a map that was named outright and is not there."""
    for name, template in request.maps:
        if "{subject}" in template:
            continue
        if cases > 1:
            msg = f"one map '{name}={template}' cannot fit {cases} cases; "
            raise SettingsError(msg + "put {subject} (and {session}) into its path")
        if not Path(template).exists():
            msg = f"the map '{name}' names '{template}', which does not exist; correct its path"
            raise InputError(msg, ReasonCode.INPUT_MISSING)


def _model(request: StudyRequest) -> NetworkModel | None:
    """The network of a request, if its library is there; workers elsewhere have their own."""
    if request.model is None:
        return None
    model = read_network_model(request.model)
    if request.place.is_here:
        model.library.check_installed()
    return model


def _job(
    request: StudyRequest,
    row: SeriesRow,
    norms: Norms,
    template_sha256: str,
    model: NetworkModel | None,
) -> CaseJob:
    mask, landmarks = (_own_file(t, row) for t in (request.segmentation, request.landmarks))
    maps = tuple((name, _filled(template, row)) for name, template in request.maps)
    files = (mask, request.labels, landmarks, *(path for _, path in maps))
    names = [name for name, _ in maps]
    acquisition = sorted(row.acquisition.items())
    stated = (
        request.assert_orientation,
        row.contrast,
        row.rule,
        acquisition,
        norms.digest,
        template_sha256,
        model and (model.sha256, versions_with(model)[model.library.words]),
        *names,
    )
    return CaseJob(
        subject=_label(row.subject),
        session=row.session,
        row=row,
        out=request.out,
        settings=request.settings,
        segmentation=mask,
        labels=request.labels,
        landmarks=landmarks,
        maps=maps,
        norms=norms,
        template=request.template,
        template_sha256=template_sha256,
        model=model,
        assert_orientation=request.assert_orientation,
        input_sha256=files_sha256(row.paths),
        recipe_sha256=recipe_sha256(request.settings, files, stated),
    )


def _corrected(job: CaseJob, corrections: Sequence[Correction], request: StudyRequest) -> CaseJob:
    """Job with the correction of the case for its mask, if there is one that still fits."""
    found = choose_correction(job.out, corrections, job.key, job.input_sha256, request.rater)
    if found == Choice():
        return job
    stated = (job.recipe_sha256, repr(found))
    if found.used is not None:
        mask, labels = mask_path(job.out, found.used), label_table_path(job.out)
        job = replace(job, segmentation=mask, labels=labels)
    recipe = recipe_sha256(job.settings, (job.segmentation, job.labels), stated)
    return replace(job, correction=found.used, stale=found.stale, recipe_sha256=recipe)


def _own_file(template: str | None, row: SeriesRow) -> Path | None:
    return None if template is None else _filled(template, row)


def _filled(template: str, row: SeriesRow) -> Path:
    """Path of a file of the user for one case."""
    named = template.replace("{subject}", _label(row.subject))
    return Path(named.replace("{session}", row.session or ""))
