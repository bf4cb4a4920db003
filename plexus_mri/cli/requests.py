"""From the options of a command to the request that the study layer takes."""

import logging
import re
from collections.abc import Sequence
from pathlib import Path

from plexus_mri.batch.engine import Limits
from plexus_mri.batch.request import StudyRequest
from plexus_mri.cli.memory import memory_mb
from plexus_mri.cli.options import MeasureOptions, Naming
from plexus_mri.errors import SettingsError
from plexus_mri.io.yaml_files import read_mapping
from plexus_mri.settings import Settings, override, settings_from_mapping
from plexus_mri.synthetic import CaseKind, PhantomSpec, random_spec


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
        When a setting is wrong or an option is not available in this version.
    """
    _refuse_unavailable(options)
    return StudyRequest(
        source=options.source,
        out=options.out,
        settings=read_settings(options.config, options.assignments or ()),
        subject=options.subject,
        session=options.session,
        participants=tuple(options.participant_label or ()),
        rules=options.rules,
        include_list=options.include_yml,
        exclude_list=options.exclude_yml,
        segmentation=options.segmentation,
        labels=options.labels,
        maps=named_maps(options.maps or ()),
        assert_orientation=options.assert_orientation,
        limits=Limits(options.jobs, memory_mb(options.memory_limit), _log_level(options.verbose)),
        resume=resume,
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
        if name in dict(maps):
            msg = f"two maps are called {name!r}; each needs a name of its own"
            raise SettingsError(msg)
        maps.append((name, file))
    return tuple(maps)


def simulation_specs(seed: int, count: int, kind: CaseKind) -> list[PhantomSpec]:
    """Specifications of ``count`` cases from ``seed`` on."""
    return [random_spec(number, kind=kind) for number in range(seed, seed + count)]


def _log_level(verbose: int) -> int | None:
    return None if verbose == 0 else logging.INFO if verbose == 1 else logging.DEBUG


def _refuse_unavailable(options: MeasureOptions) -> None:
    for name, value in (("--scheduler", options.scheduler), ("--landmarks", options.landmarks)):
        if value is not None:
            msg = f"{name} {value}: not available in this version; leave it out"
            raise SettingsError(msg)
