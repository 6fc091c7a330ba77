"""NumPy .npz archives: x_train, y_train, x_test, y_test as Keras writes them, or x and y."""

from __future__ import annotations

import zipfile
import zlib
from pathlib import Path
from typing import IO

import numpy as np

from tfcaps.datasets.base import FORMATS, Dataset, make
from tfcaps.datasets.files import MAX_BYTES, read_array, split, to_images, to_labels
from tfcaps.errors import DataError

_WHOLE = ("x_train", "y_train", "x_test", "y_test")
_TEST_FRACTION = 5


def _read_header(stream: IO[bytes], source: Path) -> tuple[tuple[int, ...], bool, np.dtype]:
    """Shape, order and type from the header of an npy."""
    try:
        version = np.lib.format.read_magic(stream)
        if version == (1, 0):
            return np.lib.format.read_array_header_1_0(stream)
        if version == (2, 0):
            return np.lib.format.read_array_header_2_0(stream)
    except (OSError, zipfile.BadZipFile, zlib.error):
        raise
    except Exception as error:  # NumPy parses Python source here and trips over damage in many ways
        raise DataError(f"{source}: damaged header ({type(error).__name__}): save it again with numpy.savez") from None
    raise DataError(f"{source}: unknown version {version} of the npy format: save it again with numpy.savez")


def _read_member(archive: zipfile.ZipFile, name: str, path: Path) -> np.ndarray:
    """One array of an archive; never an object array, never more than its header says."""
    source = Path(f"{path}:{name}")
    with archive.open(f"{name}.npy") as stream:
        shape, fortran, dtype = _read_header(stream, source)
        if dtype.kind not in "uif":
            raise DataError(f"{source}: expected an array of numbers, got {dtype}: save plain arrays")
        if archive.getinfo(f"{name}.npy").file_size > MAX_BYTES:
            raise DataError(f"{source}: larger than {MAX_BYTES} bytes")
        array = read_array(stream, shape[::-1] if fortran else shape, dtype, source)  # type: ignore[arg-type]
    array = array.transpose() if fortran else array
    return array.astype(array.dtype.newbyteorder("="), copy=False)


@FORMATS.register("npz")
class _Npz:
    what = "an .npz file (x_train, y_train, x_test, y_test, or x, y)"

    @staticmethod
    def matches(path: Path) -> bool:
        return path.is_file() and path.suffix == ".npz"

    @staticmethod
    def read(path: Path, image_size: int | None) -> Dataset:
        try:
            with zipfile.ZipFile(path) as archive:
                names = {name.removesuffix(".npy") for name in archive.namelist()}
                wanted = _WHOLE if names.issuperset(_WHOLE) else ("x", "y")
                if not names.issuperset(wanted):
                    found = ", ".join(sorted(names)[:8]) or "nothing"
                    raise DataError(f"{path}: expected arrays x_train, y_train, x_test, y_test, or x, y; found {found}")
                arrays = [_read_member(archive, name, path) for name in wanted]
        except DataError:
            raise
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError) as error:
            raise DataError(f"{path}: not a readable .npz ({error}): save it again with numpy.savez") from None
        ready = [
            to_images(array, f"{path}:{name}", image_size)
            if name.startswith("x")
            else to_labels(array, f"{path}:{name}")
            for name, array in zip(wanted, arrays, strict=True)
        ]
        if len(ready) == 2:
            x, y = ready
            if len(x) != len(y):
                raise DataError(f"{path}: {len(x)} images but {len(y)} labels: they must match")
            ready = list(split(x, y, len(x) // _TEST_FRACTION))
        return make(path.stem, ready)
