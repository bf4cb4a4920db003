"""From the options of a command to the request that the study layer takes."""

import logging
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import typer

from plexus_mri.batch.engine import Limits
from plexus_mri.batch.pool import Place
from plexus_mri.batch.queue_cluster import read_cluster_file
from plexus_mri.batch.request import StudyRequest
from plexus_mri.batch.step_names import STEPS
from plexus_mri.cli.amounts import memory_mb, seconds
from plexus_mri.cli.options import CheckSidesOptions, MeasureOptions, Naming
from plexus_mri.errors import SettingsError
from plexus_mri.io.yaml_files import read_mapping
from plexus_mri.settings import Settings, override, settings_from_mapping

_AS_MANY_AS_WORKERS = 100_000


def naming_request(options: Naming, out: Path) -> StudyRequest:
    """Request with input and names alone."""
    return StudyRequest(
        source=options.source,
        out=out,
        subject=options.subject,
        session=options.session,
        participants=tuple(options.participant_label or ()),
        rules=options.rules,
    )


def measure_request(options: MeasureOptions, *, resume: bool) -> StudyRequest:
    """Request of ``run`` or ``batch``.

    Raises
    ------
    SettingsError
        When a setting is wrong.
    """
    _check_place(options)
    return StudyRequest(
        source=options.source,
        out=options.out,
        settings=read_settings(options.config, options.assignments or ()),
        subject=options.subject,
        session=options.session,
        participants=tuple(options.participant_label or ()),
        rules=options.rules,
        norms=options.norms,
        template=options.template,
        include_list=options.include_yml,
        exclude_list=options.exclude_yml,
        segmentation=options.segmentation,
        labels=options.labels,
        landmarks=options.landmarks,
        model=options.model,
        rater=options.rater,
        maps=named_maps(options.maps or ()),
        assert_orientation=options.assert_orientation,
        limits=_limits(options),
        resume=resume,
        from_step=_from_step(options),
        place=_place(options, several=resume),
        stop_on_first_crash=options.stop_on_first_crash,
    )


def read_settings(config: Path | None, assignments: Sequence[str]) -> Settings:
    """Settings in force: assignments over the file over the defaults.

    A stored summary is taken as a settings file too: its ``settings`` count.

    Raises
    ------
    SettingsError
        When the file or a setting is wrong.
    """
    content = read_mapping(config) if config is not None else {}
    if "schema_version" in content:
        stored = content.get("settings")
        content = dict(stored) if isinstance(stored, dict) else {}
    return settings_from_mapping(override(content, assignments))


def named_maps(assignments: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """Name and file of each map.

    >>> named_maps(["t2=maps/{subject}_T2map.nii.gz"])
    (('t2', 'maps/{subject}_T2map.nii.gz'),)

    Raises
    ------
    SettingsError
        When a map has no name that can head a column, no file, or the name of another map.
    """
    maps: list[tuple[str, str]] = []
    for assignment in assignments:
        name, _, file = assignment.partition("=")
        if not file or not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]{0,30}", name):
            msg = f"--map needs NAME=FILE, NAME of letters, digits and _, got {assignment!r}"
            raise SettingsError(msg)
        if name.lower() in (other.lower() for other, _ in maps):
            msg = f"two maps are called {name!r}; each needs a name of its own, whatever the case"
            raise SettingsError(msg)
        maps.append((name, file))
    return tuple(maps)


def check_request(options: CheckSidesOptions) -> StudyRequest:
    """Request of ``check-sides``: what to measure twice.

    Raises
    ------
    SettingsError
        When a setting is wrong.
    """
    return replace(
        naming_request(options, options.out),
        settings=read_settings(options.config, options.assignments or ()),
        segmentation=options.segmentation,
        labels=options.labels,
        landmarks=options.landmarks,
        model=options.model,
        assert_orientation=options.assert_orientation,
    )


def _log_level(verbose: int) -> int | None:
    return None if verbose == 0 else logging.INFO if verbose == 1 else logging.DEBUG


def _limits(options: MeasureOptions) -> Limits:
    is_here = options.scheduler is None and options.cluster is None
    return Limits(
        options.jobs or (1 if is_here else _AS_MANY_AS_WORKERS),
        memory_mb(options.memory_limit),
        _log_level(options.verbose),
        seconds(options.case_timeout),
    )


def _place(options: MeasureOptions, *, several: bool) -> Place:
    if options.cluster is not None:
        read_cluster_file(options.cluster)  # a mistake in it is said before anything is written
    return Place(options.scheduler, options.cluster, _tell if several else None)


def _tell(text: str) -> None:
    typer.echo(text, err=True)


def _from_step(options: MeasureOptions) -> str:
    if options.force and options.from_step:
        raise SettingsError("--force starts at the first step; leave out it or --from-step")
    return STEPS[0] if options.force else options.from_step or ""


def _check_place(options: MeasureOptions) -> None:
    if options.scheduler is not None and options.cluster is not None:
        raise SettingsError("--scheduler and --cluster name two places; give one of them")
