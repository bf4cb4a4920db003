"""Values of this package as bytes, with a number where a path would stand.

Paths are slow to pack, name folders, and differ between runs; their numbers do none of that.
What is unpacked can be nothing but such values: bytes that someone else wrote run no code.
"""

import io
import pickle
import zlib
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from isal import igzip

from plexus_mri.errors import OutputError
from plexus_mri.io.atomic import write_bytes
from plexus_mri.io.collector import collector_paused

# What reading such bytes raises when there are none, or they are damaged or hold anything else.
DAMAGE = (
    OSError,
    zlib.error,
    ValueError,
    TypeError,
    LookupError,
    EOFError,
    AttributeError,
    OverflowError,
    MemoryError,
    RecursionError,
    pickle.UnpicklingError,
)


def packed(value: object, paths: Sequence[Path]) -> bytes:
    """Bytes of a value; every path in it must be among ``paths``."""
    stream = io.BytesIO()
    _Packing(stream, {path: number for number, path in enumerate(paths)}).dump(value)
    return stream.getvalue()


def unpacked(content: bytes, paths: Sequence[Path], kinds: Sequence[type] = ()) -> Any:  # noqa: ANN401 - whatever was packed
    """The value again; its paths are the elements of ``paths``.

    Parameters
    ----------
    kinds
        Classes of the values that may be in it, beside plain ones.

    Raises
    ------
    DAMAGE
        When the bytes hold anything else.
    """
    with collector_paused():
        return _Unpacking(io.BytesIO(content), paths, kinds).load()


def keep(file: Path, value: object) -> None:
    """Write a value for a next run; a folder that cannot be written costs only time."""
    small = igzip.compress(packed(value, ()), compresslevel=1, mtime=0)
    with suppress(OutputError):
        write_bytes(file, small)


def kept(file: Path, kinds: Sequence[type]) -> Any:  # noqa: ANN401 - whatever was kept
    """The value that an earlier run wrote.

    Raises
    ------
    DAMAGE
        When there is none, or the file holds anything else.
    """
    return unpacked(igzip.decompress(file.read_bytes()), (), kinds)


def _path(number: int) -> Path:
    """Stands for the path of a number in packed bytes."""
    raise RuntimeError(number)


class _Packing(pickle.Pickler):
    def __init__(self, stream: io.BytesIO, numbers: Mapping[Path, int]) -> None:
        super().__init__(stream, pickle.HIGHEST_PROTOCOL)

        def reduced(path: Path) -> tuple[Callable[[int], Path], tuple[int]]:
            return _path, (numbers[path],)

        self.dispatch_table = {type(Path()): reduced}


class _Unpacking(pickle.Unpickler):
    def __init__(self, stream: io.BytesIO, paths: Sequence[Path], kinds: Sequence[type]) -> None:
        super().__init__(stream)
        self._paths = paths
        self._kinds = {(kind.__module__, kind.__qualname__): kind for kind in kinds}

    def find_class(self, module: str, name: str) -> object:
        if (module, name) == (_path.__module__, _path.__name__):
            return self._paths.__getitem__
        if (module, name) not in self._kinds:
            msg = f"{module}.{name} is not expected"
            raise pickle.UnpicklingError(msg)
        return self._kinds[module, name]
