"""Bytes as C arrays that people can read and diff."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

_HEX_IN_A_LINE = 16


def hex_rows(data: bytes) -> str:
    """The elements of an unsigned char array, 16 a line."""
    rows = (data[start : start + _HEX_IN_A_LINE] for start in range(0, len(data), _HEX_IN_A_LINE))
    return "\n".join("    " + " ".join(f"0x{byte:02x}," for byte in row) for row in rows)


def c_type(dtype: np.dtype[Any]) -> str:
    """The element type of `rows`: int8_t for int8, bytes for everything else."""
    return "int8_t" if dtype == np.int8 else "uint8_t"


def rows(array: NDArray[Any]) -> str:
    """The elements of an array, one line for each row of the last two dimensions that are not 1."""
    if array.dtype != np.int8:
        return hex_rows(np.ascontiguousarray(array).tobytes())
    sizes = [size for size in array.shape if size > 1]
    width = int(np.prod(sizes[1:])) if len(sizes) > 1 else array.size
    width = width if 1 <= width <= 32 else 24
    flat = array.reshape(-1).tolist()
    lines = (flat[start : start + width] for start in range(0, len(flat), width))
    return "\n".join("    " + " ".join(f"{value:d}," for value in line) for line in lines)
