"""NumPy .npz archives: x_train, y_train, x_test, y_test as Keras writes them, or x and y."""

from __future__ import annotations

import zipfile
import zlib
from pathlib import Path

import numpy as np

from tfcaps.datasets.base import FORMATS, Dataset, make
from tfcaps.datasets.files import MAX_BYTES, read_array, split, to_images, to_labels
from tfcaps.errors import DataError

_WHOLE = ("x_train", "y_train", "x_test", "y_test")
_TEST_FRACTION = 5


def _read_member(archive: zipfile.ZipFile, name: str, path: Path) -> np.ndarray:
    """One array of an archive; never an object array, never more than its header says."""
    source = Path(f"{path}:{name}")
    with archive.open(f"{name}.npy") as stream:
        version = np.lib.format.read_magic(stream)
        if version == (1, 0):
            shape, fortran, dtype = np.lib.format.read_array_header_1_0(stream)
        elif version == (2, 0):
            shape, fortran, dtype = np.lib.format.read_array_header_2_0(stream)
        else:
            raise DataError(f"{source}: unknown version {version} of the npy format: save it with numpy.savez")
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
