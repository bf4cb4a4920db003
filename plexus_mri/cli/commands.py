"""What each command does: options in, exit code out."""

import dataclasses
from pathlib import Path

import typer

from plexus_mri.batch.engine import Limits
from plexus_mri.batch.outcome import OK, study_exit_code
from plexus_mri.batch.plan import StudyPlan, check_source, choose_participants, make_plan, take
from plexus_mri.batch.request import StudyRequest
from plexus_mri.batch.status import CaseStatus, read_status
from plexus_mri.batch.study import run_study
from plexus_mri.cli.options import (
    ConvertOptions,
    InventoryOptions,
    MeasureOptions,
    ResultOptions,
    SimulateOptions,
)
from plexus_mri.cli.progress import show_progress
from plexus_mri.cli.text import caveat_lines, closing_line, table
from plexus_mri.errors import InputError, SettingsError
