"""smallNORB's files: stereo pairs of 96x96 as "binary matrix" files -dat.mat and -cat.mat, training and testing.

The format: a little-endian magic number for the type, the rank, at least three sizes, the data.
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from tfcaps.datasets.base import FORMATS, Dataset, make
from tfcaps.datasets.files import open_binary, read_array, read_exactly, to_images, to_labels
from tfcaps.errors import DataError

_DTYPES = {0x1E3D4C51: "<f4", 0x1E3D4C53: "<f8", 0x1E3D4C54: "<i4", 0x1E3D4C55: "<u1", 0x1E3D4C56: "<i2"}
_NAME = re.compile(r"smallnorb-.*(?P<part>training|testing)-(?P<kind>dat|cat)\.mat(?:\.gz)?")


def read_matrix(path: Path) -> np.ndarray:
    """One binary matrix file.

    Raises:
        DataError: If it is none, or shorter or longer than its header says.
    """
    with open_binary(path) as stream:
        magic, rank = (int(n) for n in np.frombuffer(read_exactly(stream, 8, path), "<u4"))
        if magic not in _DTYPES or not 1 <= rank <= 4:
            raise DataError(f"{path}: not a smallNORB file (magic number {magic:#x}): fetch it again")
        sizes = np.frombuffer(read_exactly(stream, 4 * max(rank, 3), path), "<u4")
        array = read_array(stream, tuple(int(n) for n in sizes[:rank]), np.dtype(_DTYPES[magic]), path)
    return array.astype(array.dtype.newbyteorder("="), copy=False)


@FORMATS.register("smallnorb")
class _SmallNorb:
    what = "a folder of smallNORB files (smallnorb-...-training-dat.mat ...)"

    @staticmethod
    def matches(path: Path) -> bool:
        return path.is_dir() and any(_NAME.fullmatch(entry.name) for entry in path.iterdir())

    @staticmethod
    def read(path: Path, image_size: int | None) -> Dataset:
        files: dict[str, Path] = {}
        for entry in sorted(path.iterdir(), reverse=True):  # an unpacked file wins over its .gz
            if match := _NAME.fullmatch(entry.name):
                files[f"{match['part']}-{match['kind']}"] = entry
        arrays = []
        for role in ("training-dat", "training-cat", "testing-dat", "testing-cat"):
            if role not in files:
                raise DataError(
                    f"{path}: no smallnorb-...-{role}.mat: all of training and testing, dat and cat, are needed"
                )
            array = read_matrix(files[role])
            if role.endswith("cat"):
                arrays.append(to_labels(array, files[role]))
                continue
            if array.ndim != 4 or array.shape[1] != 2 or array.dtype != np.uint8:
                raise DataError(f"{files[role]}: expected bytes [N, 2, H, W], got {array.dtype} {array.shape}")
            arrays.append(to_images(array, files[role], image_size, channels_first=True))
        return make("smallnorb", arrays, classes=5)
