"""Whether bytes are a well-formed .tflite, before anything else looks at them.

The C++ runtimes follow every offset in a file without asking where it leads. This walks the tables of the schema that
tfcaps works with, and makes sure that each table, vector and string lies inside of the bytes; what the numbers mean is
`tflite_file`'s affair. The time is linear in the size of the file: tables that are shared or nested without end exceed
a budget of tables.
"""

from __future__ import annotations

import struct
from typing import NamedTuple

from tfcaps.errors import FileFormatError


class Field(NamedTuple):
    """One field of a table: its slot, what it is, the size of an element or the table it leads to."""

    slot: int
    kind: str  # scalar, vector, string, table, tables, union (options of a builtin operator), refused
    size: int = 0
    table: str = ""
    required: bool = False


# The parts of the schema that are followed. Slots that are not listed hold scalars or are not read by any runtime.
_SCHEMA: dict[str, list[Field]] = {
    "Model": [
        Field(0, "scalar", 4),
        Field(1, "tables", table="OperatorCode", required=True),
        Field(2, "tables", table="SubGraph", required=True),
        Field(3, "string"),
        Field(4, "tables", table="Buffer", required=True),
        Field(5, "vector", 4),
        Field(6, "tables", table="Metadata"),
        Field(7, "tables", table="SignatureDef"),
        Field(8, "refused"),
        Field(9, "refused"),
    ],
    "OperatorCode": [Field(0, "scalar", 1), Field(1, "string"), Field(2, "scalar", 4), Field(3, "scalar", 4)],
    "SubGraph": [
        Field(0, "tables", table="Tensor", required=True),
        Field(1, "vector", 4, required=True),
        Field(2, "vector", 4, required=True),
        Field(3, "tables", table="Operator", required=True),
        Field(4, "string"),
        Field(5, "scalar", 4),
    ],
    "Tensor": [
        Field(0, "vector", 4),
        Field(1, "scalar", 1),
        Field(2, "scalar", 4),
        Field(3, "string"),
        Field(4, "table", table="QuantizationParameters"),
        Field(5, "scalar", 1),
        Field(6, "refused"),
        Field(7, "vector", 4),
        Field(8, "scalar", 1),
        Field(9, "refused"),
        Field(10, "refused"),
    ],
    "QuantizationParameters": [
        Field(0, "vector", 4),
        Field(1, "vector", 4),
        Field(2, "vector", 4),
        Field(3, "vector", 8),
        Field(4, "scalar", 1),
        Field(5, "refused"),
        Field(6, "scalar", 4),
    ],
    "Operator": [
        Field(0, "scalar", 4),
        Field(1, "vector", 4, required=True),
        Field(2, "vector", 4, required=True),
        Field(3, "scalar", 1),
        Field(4, "union"),
        Field(5, "vector", 1),
        Field(6, "scalar", 1),
        Field(7, "vector", 1),
        Field(8, "vector", 4),
        Field(9, "refused"),
        Field(10, "refused"),
        Field(11, "scalar", 1),
        Field(12, "refused"),
        Field(13, "scalar", 4),
    ],
    "Buffer": [Field(0, "vector", 1), Field(1, "refused"), Field(2, "refused")],
    "Metadata": [Field(0, "string"), Field(1, "scalar", 4)],
    "SignatureDef": [
        Field(0, "tables", table="TensorMap", required=True),
        Field(1, "tables", table="TensorMap", required=True),
        Field(2, "string", required=True),
        Field(4, "scalar", 4),
    ],
    "TensorMap": [Field(0, "string", required=True), Field(1, "scalar", 4)],
}

# Options of builtin operators, by their number in the schema's union: those with a vector in a slot, and those whose
# fields are more than that. All others hold scalars.
_OPTIONS_WITH_VECTOR = {17: 0, 30: 0}  # ReshapeOptions.new_shape, SqueezeOptions.squeeze_dims
_OPTIONS_REFUSED = {3: "ConcatEmbeddingsOptions", 111: "VarHandleOptions", 115: "BucketizeOptions"}


class _Checker:
    """The walk over one file."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.budget = len(data) // 4

    def number(self, code: str, position: int) -> int:
        try:
            return struct.unpack_from("<" + code, self.data, position)[0] if position >= 0 else self.fail()
        except struct.error:
            return self.fail()

    def fail(self, what: str = "it is truncated or damaged") -> int:
        raise FileFormatError(f"not a usable .tflite: {what}")

    def vector(self, position: int, size: int) -> tuple[int, int]:
        """Where the elements of a vector begin, and how many there are."""
        start = position + self.number("I", position)
        count = self.number("I", start)
        if start + 4 + count * size > len(self.data):
            self.fail()
        return start + 4, count

    def string(self, position: int) -> None:
        start, count = self.vector(position, 1)
        if self.data[start + count : start + count + 1] != b"\0":
            self.fail()

    def slots(self, position: int) -> list[int]:
        """The positions of a table's fields, 0 for one that is absent."""
        self.budget -= 1
        if self.budget < 0:
            self.fail("it has more tables than bytes for them")
        vtable = position - self.number("i", position)
        vtable_size, table_size = self.number("H", vtable), self.number("H", vtable + 2)
        if vtable_size < 4 or vtable_size % 2 or table_size < 4 or position + table_size > len(self.data):
            self.fail()
        found = []
        for slot in range((vtable_size - 4) // 2):
            offset = self.number("H", vtable + 4 + 2 * slot)
            if offset and not 4 <= offset < table_size:
                self.fail()
            found.append(position + offset if offset else 0)
        return found

    def table(self, name: str, position: int) -> None:
        found = self.slots(position)
        end = position + self.number("H", position - self.number("i", position) + 2)
        for field in _SCHEMA[name]:
            at = found[field.slot] if field.slot < len(found) else 0
            if not at:
                if field.required:
                    self.fail(f"a {name} lacks a part")
                continue
            if at + (field.size if field.kind == "scalar" else 0 if field.kind == "refused" else 4) > end:
                self.fail()
            self.field(name, field, at, found)

    def field(self, name: str, field: Field, at: int, found: list[int]) -> None:
        if field.kind == "vector":
            self.vector(at, field.size)
        elif field.kind == "string":
            self.string(at)
        elif field.kind == "table":
            self.table(field.table, at + self.number("I", at))
        elif field.kind == "tables":
            start, count = self.vector(at, 4)
            for element in range(start, start + 4 * count, 4):
                self.table(field.table, element + self.number("I", element))
        elif field.kind == "union":
            self.options(found[3] and self.data[found[3]], at + self.number("I", at))
        elif field.kind == "refused":
            self.fail(f"a {name} uses a part of the format that tfcaps does not support (field {field.slot})")

    def options(self, kind: int, position: int) -> None:
        """The options of a builtin operator: a table of scalars, but for a few."""
        if kind in _OPTIONS_REFUSED:
            self.fail(f"{_OPTIONS_REFUSED[kind]} is not supported")
        found = self.slots(position)
        for slot, at in enumerate(found):
            if at and _OPTIONS_WITH_VECTOR.get(kind) == slot:
                self.vector(at, 4)
            elif at and at + 8 > len(self.data):  # a scalar of unknown width
                self.fail()


def check_structure(data: bytes) -> None:
    """Makes sure that every offset in `data` leads to where it may.

    Raises:
        FileFormatError: The bytes are no .tflite, damaged, or use a part of the format that is not supported.
    """
    if len(data) < 16 or data[4:8] != b"TFL3":
        raise FileFormatError("not a .tflite: expected the identifier 'TFL3' at byte 4")
    if len(data) >= 2**31:
        raise FileFormatError(f"not a usable .tflite: expected less than 2 GiB, got {len(data)} bytes")
    checker = _Checker(data)
    checker.table("Model", checker.number("I", 0))
