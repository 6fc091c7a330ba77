"""The idx format of MNIST and its relatives: a folder of four files, gzipped or not."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from tfcaps.datasets.base import FORMATS, Dataset, make
from tfcaps.datasets.files import open_binary, read_array, read_exactly, to_images, to_labels
from tfcaps.errors import DataError

_DTYPES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
_NAME = re.compile(r"(?:.*-)?(?P<part>train|t10k|test)-(?P<kind>images|labels)[.-]idx[1-4]-ubyte(?:\.gz)?")


def read_idx(path: Path) -> np.ndarray:
    """One idx file as an array in native byte order.

    The format: two zero bytes, a type code, the rank, one big-endian 32-bit size a dimension, the data.

    Raises:
        DataError: If it is not an idx file, or shorter or longer than its header says.
    """
    with open_binary(path) as stream:
        zeros, code, rank = (head := read_exactly(stream, 4, path))[:2], head[2], head[3]
        if zeros != b"\0\0" or code not in _DTYPES or not 1 <= rank <= 4:
            raise DataError(f"{path}: not an idx file (it starts with {head.hex(' ')}): fetch it again")
        shape = tuple(int(n) for n in np.frombuffer(read_exactly(stream, 4 * rank, path), ">u4"))
        array = read_array(stream, shape, np.dtype(_DTYPES[code]), path)
    return array.astype(array.dtype.newbyteorder("="), copy=False)


def find(folder: Path) -> dict[str, Path]:
    """The idx files of a folder by role: "train-images", "train-labels", "test-images", "test-labels".

    Raises:
        DataError: If two files claim one role.
    """
    found: dict[str, Path] = {}
    for path in sorted(folder.iterdir()):
        match = _NAME.fullmatch(path.name)
        if not match:
            continue
        role = f"{match['part'].replace('t10k', 'test')}-{match['kind']}"
        known = found.setdefault(role, path)
        if known is not path and known.name != path.name.removesuffix(".gz"):
            raise DataError(f"{folder}: both {known.name} and {path.name} are {role}: keep one data set in a folder")
    return found


@FORMATS.register("idx")
class _Idx:
    what = "a folder of idx files (train-images-idx3-ubyte.gz ...)"

    @staticmethod
    def matches(path: Path) -> bool:
        return path.is_dir() and any(_NAME.fullmatch(entry.name) for entry in path.iterdir())

    @staticmethod
    def read(path: Path, image_size: int | None) -> Dataset:
        files = find(path)
        arrays = []
        for role in ("train-images", "train-labels", "test-images", "test-labels"):
            if role not in files:
                raise DataError(f"{path}: no {role} file beside {next(iter(files.values())).name}: all four are needed")
            array = read_idx(files[role])
            arrays.append(
                to_images(array, files[role], image_size) if "images" in role else to_labels(array, files[role])
            )
        return make(path.resolve().name, arrays)
