"""Operators that turn each int8 into another: a table of 256 results, which the device looks up as well.

TABLES[op.name](op, input_tensor, output_tensor)[x + 128]
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tfcaps.errors import FileFormatError
from tfcaps.quantization.simulator.fixed_point import sat8
from tfcaps.quantization.simulator.ops.base import OpCall
from tfcaps.registry import Registry
from tfcaps.runtime.tflite_file import Operator, TensorInfo

Table = NDArray[np.int8]

TABLES: Registry[Callable[[Operator, TensorInfo, TensorInfo], Table]] = Registry("lookup operator")

INPUTS = np.arange(-128, 128, dtype=np.int64)


def to_table(values: ArrayLike) -> Table:
    """256 integers as int8, saturated."""
    return sat8(values).astype(np.int8)


def refuse(op: Operator, output: TensorInfo, what: str) -> FileFormatError:
    """The error of an operator that has no table."""
    return FileFormatError(f"{op.name} (tensor {output.name!r}): {what}")


def lookup(call: OpCall) -> Table:
    """An operator of `TABLES`, on a batch."""
    ((x, tensor),) = call.int8(0)
    y = TABLES[call.op.name](call.op, tensor, call.outputs[0])[x.astype(np.int16) + 128]
    if y.shape[1:] != call.outputs[0].shape[1:]:
        raise call.fail(f"expected output {[1, *y.shape[1:]]}, got {list(call.outputs[0].shape)}")
    return y
