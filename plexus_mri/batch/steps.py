"""Finished steps of a case, kept by what went into them, so that none is done twice."""

import hashlib
import io
import json
import pickle
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from plexus_mri.batch.case_job import CaseJob
from plexus_mri.batch.recipe import files_sha256
from plexus_mri.batch.software import code_sha256, software_versions, versions_with
from plexus_mri.batch.step_names import PARTS_OF_STEP, STEPS
from plexus_mri.batch.work_folder import case_folder, read_record, write_record
from plexus_mri.core.correction import key_text
from plexus_mri.io.atomic import write_bytes
from plexus_mri.io.derivatives import case_paths
from plexus_mri.settings import settings_to_mapping

Value = TypeVar("Value")

# Code that every step rests on.
_COMMON_PARTS = ("core", "io", "pipeline.py", "reasons.py")
# A finished case keeps its small steps; images and labels are larger than all its results and
# are made again in seconds where something after them changed (ADR-72).
_KEPT_BYTES = 5_000_000
_DIGEST_BYTES = 64
_UNREADABLE = (OSError, ValueError, pickle.UnpicklingError, EOFError, AttributeError)


def step_keys(job: CaseJob) -> dict[str, str]:
    """Fingerprint of each step: of the input, and of settings and code up to this step."""
    row, settings = job.row, settings_to_mapping(job.settings)
    own = [None if p is None else files_sha256([p]) for p in (job.segmentation, job.labels)]
    stated = (job.assert_orientation, row.contrast, row.rule, sorted(row.acquisition.items()))
    code = code_of_steps()
    key = _sha256(job.input_sha256, repr(stated), code[""], software_versions())
    keys = {}
    for step, parts in PARTS_OF_STEP.items():
        shaped: dict[str, object] = {p: settings[p] for p in parts if p in settings}
        if step == "trace":  # bias field and midline do not look at what the user gives
            shaped["mask"] = own, job.correction and sorted(map(key_text, job.correction.redrawn))
            shaped["landmarks"] = job.landmarks and files_sha256([job.landmarks])
            shaped["model"] = job.model and (job.model.sha256, versions_with(job.model))
        if step == "maps":
            shaped["files"] = [(name, files_sha256([path])) for name, path in job.maps]
        if step == "template":
            shaped["template"] = job.template_sha256
        key = keys[step] = _sha256(key, step, shaped, code[step])
    return keys


def code_of_steps() -> dict[str, str]:
    """Fingerprint of the code of each step; that of what all rest on has no name."""
    return {
        step: code_sha256(*parts) for step, parts in {"": _COMMON_PARTS, **PARTS_OF_STEP}.items()
    }


def steps_from(step: str) -> frozenset[str]:
    """The step and all after it; none for an empty name."""
    return frozenset(STEPS[STEPS.index(step) :]) if step else frozenset()


def is_done(job: CaseJob) -> bool:
    """Whether a case is finished from this very input and recipe, and its result is there."""
    stored = read_record(_mark(job))
    page = case_paths(job.out, job.subject, job.session).html
    return stored == _done_from(job) and page.is_file()


def mark_done(job: CaseJob) -> None:
    """Note that a case is finished, after its last file is written.

    Raises
    ------
    OutputError
        When it cannot be written.
    """
    write_record(_mark(job), _done_from(job))


def _mark(job: CaseJob) -> Path:
    return case_folder(job.out, job.subject, job.session) / "done.json"


def _done_from(job: CaseJob) -> dict[str, object]:
    return {"input_sha256": job.input_sha256, "recipe_sha256": job.recipe_sha256}


@dataclass(frozen=True)
class StepStore:
    """The finished steps of one case.

    Parameters
    ----------
    keys
        Fingerprint of each step (`step_keys`).
    again
        Steps that are done again even where their result is there.
    """

    folder: Path
    keys: Mapping[str, str]
    again: frozenset[str] = frozenset()

    def __call__(self, step: str, make: Callable[[], Value]) -> Value:
        """Result of a step: the stored one where nothing that shapes it changed, else made."""
        path = self.folder / f"{step}.step"
        if step not in self.again:
            with suppress(*_UNREADABLE):
                return self._read(path, self.keys[step])  # type: ignore[return-value]
        value = make()
        content = pickle.dumps(value, protocol=5)
        head = self.keys[step] + hashlib.sha256(content).hexdigest()
        write_bytes(path, head.encode("ascii") + content)
        return value

    def finish(self) -> None:
        """Drop what is too large to be kept when the case is done."""
        for path in self.folder.glob("*.step"):
            if path.stat().st_size > _KEPT_BYTES:
                path.unlink()

    @staticmethod
    def _read(path: Path, key: str) -> object:
        found, value = _key_and_value(path)
        if found != key:
            msg = f"'{path.name}' is of another input"
            raise ValueError(msg)
        return value


def stored_step(folder: Path, step: str) -> object:
    """Kept result of a step, whatever it was made from; None where there is none."""
    with suppress(*_UNREADABLE):
        return _key_and_value(folder / f"{step}.step")[1]
    return None


def _key_and_value(path: Path) -> tuple[str, object]:
    content = path.read_bytes()
    head, body = content[: 2 * _DIGEST_BYTES], content[2 * _DIGEST_BYTES :]
    key, digest = head[:_DIGEST_BYTES], head[_DIGEST_BYTES:]
    if digest != hashlib.sha256(body).hexdigest().encode("ascii"):
        msg = f"'{path.name}' is damaged"
        raise ValueError(msg)
    return key.decode("ascii"), _OwnUnpickler(io.BytesIO(body)).load()


class _OwnUnpickler(pickle.Unpickler):
    """Unpickler for values of ours: a prepared file in the output folder must not run code."""

    def find_class(self, module: str, name: str) -> object:
        """Give a class of this program's values, or what an array is made of."""
        ours = module.startswith("plexus_mri.core.") or module == "plexus_mri.reasons"
        if (ours and "." not in name) or (module, name) in _PARTS_OF_ARRAYS:
            return super().find_class(module, name)
        msg = f"'{module}.{name}' is no value of a step"
        raise pickle.UnpicklingError(msg)


_PARTS_OF_ARRAYS = frozenset(
    {
        ("numpy", "ndarray"),
        ("numpy", "dtype"),
        ("numpy._core.multiarray", "_reconstruct"),
        ("numpy._core.multiarray", "scalar"),
        ("numpy._core.numeric", "_frombuffer"),
    }
)


def _sha256(*parts: object) -> str:
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()
