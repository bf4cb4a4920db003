"""Values from YAML without silent conversions: ``"no"`` is no bool and 2.5 no whole number."""

import math
from enum import Enum

import cattrs

_WORDS = {float: "a number", int: "a whole number", bool: "true or false", str: "a text"}


def strict_converter(*choices: type[Enum]) -> cattrs.Converter:
    """Converter that refuses unknown keys and values of another kind.

    Parameters
    ----------
    choices
        Closed sets that values may come from.
    """
    converter = cattrs.Converter(forbid_extra_keys=True)
    for kind in _WORDS:
        converter.register_structure_hook(kind, _structure_scalar)
    for choice in choices:
        converter.register_structure_hook(choice, _structure_choice)
    return converter


def complaint(error: BaseException, _kind: type | None) -> str:
    """What is wrong with a value, in words that still lack its place; for `cattrs`."""
    if isinstance(error, cattrs.ForbiddenExtraKeysError):
        return "unknown key " + ", ".join(sorted(map(str, error.extra_fields)))
    if isinstance(error, KeyError):
        return "is missing"
    if isinstance(error, AttributeError | TypeError):  # what cattrs does to a value of no use
        return "must hold 'key: value' pairs or a list of them"
    return str(error)


def _structure_choice(value: object, kind: type[Enum]) -> Enum:
    known = {member.value: member for member in kind}
    if isinstance(value, str) and value in known:
        return known[value]
    msg = f"must be one of {', '.join(map(str, known))}, got {value!r}"
    raise ValueError(msg)


def _structure_scalar(value: object, kind: type[float | str]) -> float | str:
    """Give the value as ``kind``; YAML reads ``1e-3`` as text, so a float may come as one."""
    allowed = (int, float, str) if kind is float else (kind,)
    if isinstance(value, allowed) and isinstance(value, bool) == (kind is bool):
        try:
            number = kind(value)
        except ValueError:
            number = None
        if number is not None and (isinstance(number, str) or math.isfinite(number)):
            return number
    msg = f"must be {_WORDS[kind]}, got {value!r}"
    raise ValueError(msg)
