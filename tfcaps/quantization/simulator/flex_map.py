"""The custom options as bytes: one flexbuffer map from keys to integers or vectors of integers.

Reading is a bounded reader of our own, because the bytes come from files of unknown origin: it looks at nothing outside
of them and takes a time that is linear in their number, whatever they say. `micro/src/tfcaps_flex_map.c` accepts
exactly the same maps.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from flatbuffers import flexbuffers
from numpy.typing import NDArray

Value = int | NDArray[np.int64]

_INT, _UINT, _MAP, _VECTOR_INT, _VECTOR_UINT = 1, 2, 9, 11, 12


def write(values: Mapping[str, Value]) -> bytes:
    """The flexbuffer map of `values`, sorted by key, every number at least 32 bits wide.

    With that width and the alignment of a .tflite, a kernel uses the vectors in place.
    """
    builder = flexbuffers.Builder(force_min_bit_width=flexbuffers.BitWidth.W32)
    with builder.Map():
        for key, value in sorted(values.items()):
            builder.Key(key)
            if isinstance(value, np.ndarray):
                builder.TypedVectorFromElements([int(element) for element in value], flexbuffers.Type.INT)
            else:
                (builder.UInt if value >= 2**31 else builder.Int)(int(value))
    return bytes(builder.Finish())


class FlexMap:
    """Reads the map at the root of a flexbuffer; a key's look-up is linear."""

    def __init__(self, data: bytes) -> None:
        """Finds the map.

        Raises:
            ValueError: `data` is not a flexbuffer with a map at its root.
        """
        self._data = data
        if len(data) < 3 or data[-2] >> 2 != _MAP:
            raise ValueError("not a flexbuffer map")
        self._width = width = 1 << (data[-2] & 3)
        self._items = items = self._follow(len(data) - 2 - self._checked_width(data[-1]), data[-1])
        self._count = count = self._unsigned(items - width, width)
        self._key_width = self._checked_width(self._unsigned(items - 2 * width, width))
        self._keys = self._follow(items - 3 * width, width)
        self._check(items, count * (width + 1))
        self._check(self._keys, count * self._key_width)
        if self._unsigned(self._keys - self._key_width, self._key_width) != count:
            raise ValueError("as many keys as values expected")

    def get(self, key: str) -> Value | None:
        """The integer, or the vector of integers, under `key`; None when there is none.

        Raises:
            ValueError: The value is of another type, or lies outside of the bytes.
        """
        name = key.encode() + b"\0"
        for index in range(self._count):
            start = self._follow(self._keys + index * self._key_width, self._key_width)
            if self._data[start : start + len(name)] == name:
                return self._value(index)
        return None

    def _value(self, index: int) -> Value:
        position = self._items + index * self._width
        packed = self._data[self._items + self._count * self._width + index]
        kind, width = packed >> 2, 1 << (packed & 3)
        if kind in (_INT, _UINT):
            raw = self._data[position : position + self._width]
            return int.from_bytes(raw, "little", signed=kind == _INT)
        if kind in (_VECTOR_INT, _VECTOR_UINT):
            start = self._follow(position, self._width)
            size = self._unsigned(start - width, width)
            self._check(start, size * width)
            letter = "i" if kind == _VECTOR_INT else "u"
            elements = np.frombuffer(self._data, f"<{letter}{width}", size, start)
            if elements.dtype == np.uint64:  # what no int64 holds becomes the largest one, and out of every range
                elements = np.minimum(elements, np.uint64(2**63 - 1))
            return elements.astype(np.int64)
        raise ValueError("expected an integer or a typed vector of integers")

    def _check(self, start: int, size: int) -> None:
        if start < 0 or start + size > len(self._data):
            raise ValueError("points outside of the options")

    def _unsigned(self, position: int, width: int) -> int:
        self._check(position, width)
        return int.from_bytes(self._data[position : position + width], "little")

    def _follow(self, position: int, width: int) -> int:
        """Where the offset at `position` leads; offsets go backwards."""
        target = position - self._unsigned(position, width)
        self._check(target, 0)
        return target

    @staticmethod
    def _checked_width(width: int) -> int:
        if width not in (1, 2, 4, 8):
            raise ValueError("a width of 1, 2, 4 or 8 bytes expected")
        return width
