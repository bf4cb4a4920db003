"""Lists of cases in YAML, as this program and the Spinal Cord Toolbox write them."""

import re
from pathlib import Path

from plexus_mri.errors import SettingsError
from plexus_mri.io.yaml_files import read_mapping

_CASE = re.compile(r"sub-([0-9A-Za-z+]+)(?:_ses-([0-9A-Za-z+]+))?")


def listed_cases(path: Path) -> frozenset[tuple[str, str]]:
    """Subject and session of each file name in the lists of a YAML file, whatever its keys.

    An absent session is empty and stands for all sessions of the subject.

    Raises
    ------
    SettingsError
        When the file is no such list; names the entry.
    """
    content = read_mapping(path)
    found = set()
    for key, names in content.items():
        if not isinstance(names, list):
            msg = f"'{path.name}': '{key}' must be a list of file names, got {names!r:.60}"
            raise SettingsError(msg)
        for name in names:
            match = _CASE.search(str(name))
            if match is None:
                msg = f"'{path.name}': '{name!s:.60}' under '{key}' names no subject (sub-…)"
                raise SettingsError(msg)
            found.add((match[1], match[2] or ""))
    return frozenset(found)


def is_listed(case: tuple[str, str], cases: frozenset[tuple[str, str]]) -> bool:
    """Whether a case, or its subject as a whole, is in the list.

    >>> is_listed(("01", "2"), frozenset({("01", "")}))
    True
    """
    return case in cases or (case[0], "") in cases
