"""The shapes and types of builtin operators, for those whose kernels in TFLite Micro believe the file.

A convolution there writes as many values as its output's shape in the file says, reads as many as its filter's, and
divides by channel counts. Operators without a rule here check their tensors themselves, or are left to the runtime.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from tfcaps.errors import FileFormatError
from tfcaps.runtime.tflite_file import Operator, Tensor

Shape = tuple[int, ...]


def check_builtin_op(op: Operator, tensors: tuple[Tensor, ...]) -> None:
    """Checks one operator; does nothing for custom operators and those without a rule.

    Raises:
        FileFormatError: Its tensors do not fit each other.
    """
    if op.is_custom or op.name not in _RULES:
        return
    inputs = [tensors[index] if index >= 0 else None for index in op.inputs]
    output = tensors[op.outputs[0]]
    expected = _RULES[op.name](op, [tensor.shape if tensor is not None else () for tensor in inputs])
    if expected is None or len(op.outputs) != 1:
        shapes = ", ".join(str(list(tensor.shape)) if tensor is not None else "none" for tensor in inputs)
        raise FileFormatError(f"{op.name} (tensor {output.name!r}): inputs of shapes {shapes} do not fit each other")
    fits = math.prod(expected) == math.prod(output.shape) if op.name in _RESHAPES else expected == output.shape
    if not fits:
        raise FileFormatError(
            f"{op.name} (tensor {output.name!r}): expected output {list(expected)}, got {list(output.shape)}"
        )
    first = inputs[0]
    if op.name in _TYPE_KEEPING and (first is None or first.dtype != output.dtype):
        raise FileFormatError(f"{op.name} (tensor {output.name!r}): expected input and output of one type")
    _check_weights(op, inputs, output)
    if op.name == "GATHER":
        _check_indices(op, inputs, output)


def _check_weights(op: Operator, inputs: list[Tensor | None], output: Tensor) -> None:
    """The types and scales of int8 convolutions and dense layers."""
    if op.name not in _WEIGHTED or output.dtype != np.int8:
        return
    kernel, bias = inputs[1], inputs[2] if len(inputs) > 2 else None
    channels = output.shape[-1]
    if kernel is None or kernel.dtype != np.int8 or kernel.scales.size not in (1, channels):
        raise FileFormatError(f"{op.name} (tensor {output.name!r}): expected int8 weights, one scale or {channels}")
    if bias is not None and (bias.dtype != np.int32 or bias.shape != (channels,)):
        raise FileFormatError(f"{op.name} (tensor {output.name!r}): expected an int32 bias [{channels}]")


def _check_indices(op: Operator, inputs: list[Tensor | None], output: Tensor) -> None:
    """That slices taken by number exist: TFLite Micro copies what lies there."""
    source, indices = inputs
    if source is None or indices is None or indices.dtype.kind != "i":
        raise FileFormatError(
            f"GATHER (tensor {output.name!r}): expected indices of integers, got "
            f"{'none' if indices is None else indices.dtype}"
        )
    if indices.data is None or not indices.data.size:
        return
    size = source.shape[op.options.Axis() if op.options is not None else 0]
    low, high = int(indices.data.min()), int(indices.data.max())
    if low < 0 or high >= size:
        raise FileFormatError(
            f"GATHER (tensor {output.name!r}): expected indices 0 to {size - 1}, got {low if low < 0 else high}"
        )


def _window(op: Operator, image: Shape, size: Shape, channels: int) -> Shape | None:
    """The output of a window of some size that moves over an image [n, h, w, c]."""
    options = op.options
    found = []
    for axis, (length, extent) in enumerate(zip(image[1:3], size, strict=True)):
        stride = (options.StrideH, options.StrideW)[axis]()
        if hasattr(options, "DilationHFactor"):
            extent = (extent - 1) * (options.DilationHFactor, options.DilationWFactor)[axis]() + 1
        room = length if options.Padding() == schema.Padding.SAME else length - extent + 1
        if room < 1:
            return None
        found.append(-(-room // stride))
    return (image[0], *found, channels)


def _conv(op: Operator, shapes: list[Shape]) -> Shape | None:
    if len(shapes) not in (2, 3) or len(shapes[0]) != 4 or len(shapes[1]) != 4:
        return None
    groups, rest = divmod(shapes[0][3], shapes[1][3])
    if rest or shapes[1][0] % groups:
        return None
    return _window(op, shapes[0], shapes[1][1:3], shapes[1][0])


def _depthwise(op: Operator, shapes: list[Shape]) -> Shape | None:
    if len(shapes) not in (2, 3) or len(shapes[0]) != 4 or len(shapes[1]) != 4 or shapes[1][0] != 1:
        return None
    if shapes[1][3] != shapes[0][3] * op.options.DepthMultiplier():
        return None
    return _window(op, shapes[0], shapes[1][1:3], shapes[1][3])


def _pool(op: Operator, shapes: list[Shape]) -> Shape | None:
    if len(shapes) != 1 or len(shapes[0]) != 4:
        return None
    return _window(op, shapes[0], (op.options.FilterHeight(), op.options.FilterWidth()), shapes[0][3])


def _dense(op: Operator, shapes: list[Shape]) -> Shape | None:
    if len(shapes) not in (2, 3) or len(shapes[1]) != 2 or not shapes[0]:
        return None
    units, depth = shapes[1]
    if op.options.KeepNumDims():
        return (*shapes[0][:-1], units) if shapes[0][-1] == depth else None
    rows, rest = divmod(math.prod(shapes[0]), depth)
    return None if rest else (rows, units)


def _elementwise(op: Operator, shapes: list[Shape]) -> Shape | None:
    try:
        return np.broadcast_shapes(*shapes)
    except ValueError:
        return None


def _gather(op: Operator, shapes: list[Shape]) -> Shape | None:
    axis, batch_dims = (op.options.Axis(), op.options.BatchDims()) if op.options is not None else (0, 0)
    if len(shapes) != 2 or not -len(shapes[0]) <= axis < len(shapes[0]):
        return None
    source, indices = shapes
    axis, batch_dims = axis % len(source), batch_dims + (len(indices) if batch_dims < 0 else 0)
    if not 0 <= batch_dims <= min(axis, len(indices)) or source[:batch_dims] != indices[:batch_dims]:
        return None
    return (*source[:axis], *indices[batch_dims:], *source[axis + 1 :])


def _same(op: Operator, shapes: list[Shape]) -> Shape | None:
    return shapes[0]


_RULES: dict[str, Callable[[Operator, list[Shape]], Shape | None]] = {
    "CONV_2D": _conv,
    "DEPTHWISE_CONV_2D": _depthwise,
    "FULLY_CONNECTED": _dense,
    "AVERAGE_POOL_2D": _pool,
    "MAX_POOL_2D": _pool,
    "L2_POOL_2D": _pool,
    "ADD": _elementwise,
    "SUB": _elementwise,
    "MUL": _elementwise,
    "GATHER": _gather,
    "RESHAPE": _same,
    "SQUEEZE": _same,
    "EXPAND_DIMS": _same,
    "QUANTIZE": _same,
    "DEQUANTIZE": _same,
    "RELU": _same,
    "RELU6": _same,
    "LOGISTIC": _same,
    "TANH": _same,
    "SOFTMAX": _same,
}
_RESHAPES = ("RESHAPE", "SQUEEZE", "EXPAND_DIMS")
_WEIGHTED = ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED")
_TYPE_KEEPING = (
    *(*_RESHAPES, *_WEIGHTED, "AVERAGE_POOL_2D", "MAX_POOL_2D", "ADD", "SUB", "MUL", "RELU", "RELU6", "GATHER"),
)
