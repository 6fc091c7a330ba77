"""The parameters of the capsule operators: what their custom options hold, checked.

    params = SquashParams(input_zero_point=0, inverse_square_scale=640)
    SquashParams.from_options(params.to_options()) == params

Fields are named like the keys of docs/custom_ops.md, and have the ranges given there.
"""

from __future__ import annotations

import dataclasses
from typing import Any, ClassVar, TypeVar

import numpy as np
from numpy.typing import NDArray

from tfcaps.errors import FileFormatError
from tfcaps.quantization.simulator import flex_map

VERSION = 1

Self = TypeVar("Self", bound="OpParams")
_INT8 = (-128, 127)
_MULTIPLIER = (0, 2**31 - 1)
_SHIFT = (1, 62)


class OpParams:
    """What the three have in common: a range a field, options as bytes, equality by value."""

    OP: ClassVar[str]
    RANGES: ClassVar[dict[str, tuple[int, int]]]

    def __post_init__(self) -> None:
        """Checks every field, and makes it an int or an int64 array.

        Raises:
            FileFormatError: A field is out of range; the message names the operator, the key, the value and the range.
        """
        for key, (low, high) in self.RANGES.items():
            value = self._checked(key, getattr(self, key), low, high)
            object.__setattr__(self, key, value)

    def to_options(self) -> bytes:
        """The custom options: a flexbuffer map with a version key."""
        fields = {key: getattr(self, key) for key in self.RANGES}
        return flex_map.write({"version": VERSION, **fields})

    @classmethod
    def from_options(cls: type[Self], options: bytes) -> Self:
        """The parameters in custom options, which may be any bytes at all.

        Raises:
            FileFormatError: They are malformed, of another version, incomplete or out of range.
        """
        try:
            values = flex_map.FlexMap(bytes(options))
        except ValueError as error:
            raise FileFormatError(f"{cls.OP}: custom options: {error}") from None
        fields = {}
        for key in ("version", *cls.RANGES):
            try:
                value = values.get(key)
            except ValueError as error:
                raise FileFormatError(f"{cls.OP}: option {key!r}: {error}") from None
            if value is None:
                raise FileFormatError(f"{cls.OP}: option {key!r} is missing")
            if key == "version":
                if isinstance(value, np.ndarray) or value != VERSION:
                    raise FileFormatError(f"{cls.OP}: option 'version' is {value}, expected {VERSION}")
            else:
                fields[key] = value
        return cls(**fields)

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and isinstance(other, OpParams) and self.to_options() == other.to_options()

    def __hash__(self) -> int:
        return hash(self.to_options())

    def _checked(self, key: str, value: Any, low: int, high: int) -> int | NDArray[np.int64]:
        wants_vector = key in self._vectors()
        try:
            array = np.asarray(value)
            fits = array.ndim == wants_vector and array.dtype.kind in "iub"
            fits = fits and bool(np.all((low <= array) & (array <= high)))
        except (TypeError, ValueError, OverflowError):
            fits = False
        if not fits:
            what = "a vector of integers, each" if wants_vector else "an integer"
            shown = (
                " ".join(np.array2string(array, threshold=8).split()) if isinstance(value, np.ndarray) else repr(value)
            )
            raise FileFormatError(f"{self.OP}: option {key!r} is {shown}, expected {what} in {low} ... {high}")
        if not wants_vector:
            return int(array)
        vector = array.astype(np.int64)
        vector.flags.writeable = False
        return vector

    @classmethod
    def _vectors(cls) -> tuple[str, ...]:
        return ()


@dataclasses.dataclass(frozen=True, eq=False)
class SquashParams(OpParams):
    """Options of TfcapsSquash."""

    OP: ClassVar[str] = "TfcapsSquash"
    RANGES: ClassVar[dict[str, tuple[int, int]]] = {"input_zero_point": _INT8, "inverse_square_scale": (1, 2**31)}

    input_zero_point: int
    inverse_square_scale: int


@dataclasses.dataclass(frozen=True, eq=False)
class LengthParams(OpParams):
    """Options of TfcapsLength."""

    OP: ClassVar[str] = "TfcapsLength"
    RANGES: ClassVar[dict[str, tuple[int, int]]] = {
        "input_zero_point": _INT8,
        "multiplier": _MULTIPLIER,
        "shift": _SHIFT,
        "output_zero_point": _INT8,
    }

    input_zero_point: int
    multiplier: int
    shift: int
    output_zero_point: int


@dataclasses.dataclass(frozen=True, eq=False)
class CapsuleDenseParams(OpParams):
    """Options of TfcapsCapsuleDense; `multiplier` is an int64 array [J * D]."""

    OP: ClassVar[str] = "TfcapsCapsuleDense"
    RANGES: ClassVar[dict[str, tuple[int, int]]] = {
        "input_zero_point": _INT8,
        "iterations": (1, 16),
        "leaky": (0, 1),
        "vote_shift": (0, 16),
        "multiplier": _MULTIPLIER,
        "sum_shift": _SHIFT,
        "logit_shift": _SHIFT,
        "logit_bits": (8, 30),
    }

    input_zero_point: int
    iterations: int
    leaky: int
    vote_shift: int
    multiplier: NDArray[np.int64]
    sum_shift: int
    logit_shift: int
    logit_bits: int

    @classmethod
    def _vectors(cls) -> tuple[str, ...]:
        return ("multiplier",)
