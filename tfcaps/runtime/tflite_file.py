"""A .tflite as plain data: tensors, operators, inputs and outputs. Reads any bytes and believes none of them.

    model = read_tflite("model.tflite")
    for op in model.operators:
        print(op.name, [model.tensors[index].name for index in op.inputs])

A model that passes here can be handed to the C++ runtimes: its indices, sizes and order are right.
"""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path
from typing import Any

import numpy as np
from ai_edge_litert import schema_py_generated as schema
from numpy.typing import NDArray

from tfcaps.errors import FileFormatError
from tfcaps.runtime.flatbuffer_check import check_structure

_DTYPES: dict[int, np.dtype] = {
    schema.TensorType.FLOAT32: np.dtype(np.float32),
    schema.TensorType.FLOAT16: np.dtype(np.float16),
    schema.TensorType.INT32: np.dtype(np.int32),
    schema.TensorType.UINT8: np.dtype(np.uint8),
    schema.TensorType.INT64: np.dtype(np.int64),
    schema.TensorType.BOOL: np.dtype(np.bool_),
    schema.TensorType.INT16: np.dtype(np.int16),
    schema.TensorType.INT8: np.dtype(np.int8),
}
_NAMES = {value: name for name, value in vars(schema.BuiltinOperator).items() if isinstance(value, int)}
_OPTION_NAMES = {value: name for name, value in vars(schema.BuiltinOptions).items() if isinstance(value, int)}

# Builtin operators that a runtime divides by the options of, or crashes without them.
_NEEDS_OPTIONS = {
    "CONV_2D": "Conv2DOptions",
    "DEPTHWISE_CONV_2D": "DepthwiseConv2DOptions",
    "AVERAGE_POOL_2D": "Pool2DOptions",
    "MAX_POOL_2D": "Pool2DOptions",
    "L2_POOL_2D": "Pool2DOptions",
    "FULLY_CONNECTED": "FullyConnectedOptions",
    "TRANSPOSE_CONV": "TransposeConvOptions",
    "SOFTMAX": "SoftmaxOptions",
    "CONCATENATION": "ConcatenationOptions",
    "ADD": "AddOptions",
    "MUL": "MulOptions",
    "SUB": "SubOptions",
}
_POSITIVE_OPTIONS = ("StrideW", "StrideH", "FilterWidth", "FilterHeight", "DilationWFactor", "DilationHFactor")
_LARGEST_TENSOR = 2**31 - 1


@dataclasses.dataclass(frozen=True)
class TensorInfo:
    """What a user has to know of an input or output.

    Attributes:
        name: From the signature when there is one, else the tensor's own.
        shape: With the batch of one that the file holds.
        dtype: NumPy's.
        scale: 0.0 for a tensor that is not quantised.
        zero_point: The integer that stands for 0.
    """

    name: str
    shape: tuple[int, ...]
    dtype: np.dtype
    scale: float
    zero_point: int


@dataclasses.dataclass(frozen=True, eq=False)
class Tensor(TensorInfo):
    """One tensor of the file.

    Attributes:
        scales: float32 [channels], or of one element; empty for a tensor that is not quantised.
        zero_points: int64 of the same length.
        quantized_dimension: The one that `scales` runs along.
        data: The constant's values in its shape, or None.
    """

    scales: NDArray[np.float32]
    zero_points: NDArray[np.int64]
    quantized_dimension: int
    data: NDArray[Any] | None


@dataclasses.dataclass(frozen=True, eq=False)
class Operator:
    """One operator, in the order of execution.

    Attributes:
        name: The builtin's name ("CONV_2D") or the custom code ("TfcapsSquash").
        inputs: Tensor indices; -1 stands for one left out.
        outputs: Tensor indices.
        options: The schema's options object of a builtin (`Conv2DOptions`), or None.
        custom_options: The bytes of a custom operator.
        is_custom: Whether `name` is a custom code.
    """

    name: str
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    options: Any
    custom_options: bytes
    is_custom: bool


@dataclasses.dataclass(frozen=True, eq=False)
class TfliteFile:
    """A whole model; `inputs` and `outputs` are tensor indices, `input_infos` and `output_infos` what to call them."""

    data: bytes
    tensors: tuple[Tensor, ...]
    operators: tuple[Operator, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    input_infos: tuple[TensorInfo, ...]
    output_infos: tuple[TensorInfo, ...]


def read_tflite(model: bytes | bytearray | str | os.PathLike[str]) -> TfliteFile:
    """Reads and checks a model.

    Args:
        model: The bytes of a .tflite, or its path.

    Returns:
        The model as plain data; constants are views of its bytes.

    Raises:
        FileFormatError: There is no such file, or it is no model that can be run; one line says what is wrong.
    """
    if isinstance(model, (bytes, bytearray)):
        data = bytes(model)
    else:
        try:
            data = Path(model).read_bytes()
        except OSError as error:
            raise FileFormatError(f"cannot read {os.fspath(model)!r}: {error.strerror}") from None
    check_structure(data)
    root = schema.Model.GetRootAs(data)
    if root.Version() != 3:
        raise FileFormatError(f"expected a .tflite of schema version 3, got {root.Version()}")
    if root.SubgraphsLength() != 1:
        raise FileFormatError(f"expected one subgraph, got {root.SubgraphsLength()}")
    graph = root.Subgraphs(0)
    tensors = tuple(_tensor(root, graph.Tensors(index), index) for index in range(graph.TensorsLength()))
    operators = tuple(_operator(root, graph.Operators(n), n, tensors) for n in range(graph.OperatorsLength()))
    inputs, outputs = _indices(graph, "Inputs"), _indices(graph, "Outputs")
    _check_order(tensors, operators, inputs, outputs)
    input_names, output_names = _signature_names(root, len(tensors))
    return TfliteFile(
        data=data,
        tensors=tensors,
        operators=operators,
        inputs=inputs,
        outputs=outputs,
        input_infos=_infos(tensors, inputs, input_names),
        output_infos=_infos(tensors, outputs, output_names),
    )


def _text(raw: bytes | None) -> str:
    return "" if raw is None else raw.decode("utf-8", "replace")


def _vector(table: Any, field: str, dtype: Any) -> NDArray[Any]:
    """A vector field as an array; empty when it is absent."""
    if getattr(table, field + "Length")() == 0:
        return np.zeros(0, dtype)
    return getattr(table, field + "AsNumpy")()


def _indices(table: Any, field: str) -> tuple[int, ...]:
    return tuple(int(index) for index in _vector(table, field, np.int32))


def _tensor(root: Any, table: Any, index: int) -> Tensor:
    name = _text(table.Name())
    where = f"tensor {index} ({name!r})"
    if table.Type() not in _DTYPES:
        raise FileFormatError(f"{where}: type {table.Type()} is not supported")
    dtype = _DTYPES[table.Type()]
    shape = _indices(table, "Shape")
    if any(size < 1 for size in shape):
        raise FileFormatError(f"{where}: expected a static shape of sizes of at least 1, got {list(shape)}")
    size = int(np.prod(shape, dtype=object)) * dtype.itemsize
    if size > _LARGEST_TENSOR or len(shape) > 8:
        raise FileFormatError(f"{where}: shape {list(shape)} is too large")
    if table.IsVariable():
        raise FileFormatError(f"{where}: variable tensors are not supported")
    if table.Buffer() >= root.BuffersLength():
        raise FileFormatError(f"{where}: buffer {table.Buffer()} does not exist")
    raw = _vector(root.Buffers(table.Buffer()), "Data", np.uint8)
    if raw.size not in (0, size):
        raise FileFormatError(f"{where}: expected {size} bytes for shape {list(shape)}, its buffer has {raw.size}")
    values = np.frombuffer(raw.tobytes() if raw.ctypes.data % dtype.itemsize else raw, dtype) if raw.size else None
    scales, zero_points, dimension = _quantization(table.Quantization(), shape, where)
    return Tensor(
        name=name,
        shape=shape,
        dtype=dtype,
        scale=float(scales[0]) if scales.size else 0.0,
        zero_point=int(zero_points[0]) if zero_points.size else 0,
        scales=scales,
        zero_points=zero_points,
        quantized_dimension=dimension,
        data=None if values is None else values.reshape(shape),
    )


def _quantization(table: Any, shape: tuple[int, ...], where: str) -> tuple[NDArray[np.float32], NDArray[np.int64], int]:
    none = np.zeros(0, np.float32), np.zeros(0, np.int64), 0
    if table is None:
        return none
    scales, zero_points = _vector(table, "Scale", np.float32), _vector(table, "ZeroPoint", np.int64)
    if not scales.size:
        return none
    if not zero_points.size:
        zero_points = np.zeros(scales.size, np.int64)
    dimension = table.QuantizedDimension()
    if scales.size != zero_points.size or not np.all(np.isfinite(scales) & (scales > 0)):
        raise FileFormatError(f"{where}: expected positive scales and as many zero points")
    if scales.size > 1 and (not 0 <= dimension < len(shape) or shape[dimension] != scales.size):
        raise FileFormatError(f"{where}: {scales.size} scales do not fit dimension {dimension} of {list(shape)}")
    if np.any(np.abs(zero_points) >= 2**31):
        raise FileFormatError(f"{where}: a zero point is out of range")
    return scales, zero_points, dimension


def _operator(root: Any, table: Any, index: int, tensors: tuple[Tensor, ...]) -> Operator:
    if table.OpcodeIndex() >= root.OperatorCodesLength():
        raise FileFormatError(f"operator {index}: operator code {table.OpcodeIndex()} does not exist")
    opcode = root.OperatorCodes(table.OpcodeIndex())
    number = max(opcode.BuiltinCode(), opcode.DeprecatedBuiltinCode())
    is_custom = number == schema.BuiltinOperator.CUSTOM
    name = _text(opcode.CustomCode()) if is_custom else _NAMES.get(number, "")
    where = f"operator {index} ({name or number})"
    if not name:
        raise FileFormatError(f"{where}: its code is unknown")
    inputs, outputs = _indices(table, "Inputs"), _indices(table, "Outputs")
    for role, indices, low in (("input", inputs, -1), ("output", outputs, 0)):
        for tensor in indices:
            if not low <= tensor < len(tensors):
                raise FileFormatError(f"{where}: {role} tensor {tensor} does not exist")
    if not inputs or inputs[0] < 0 or not outputs:
        raise FileFormatError(f"{where}: expected inputs and outputs")
    if table.IntermediatesLength() or table.MutatingVariableInputsLength():
        raise FileFormatError(f"{where}: intermediate tensors are not supported")
    options = _options(table, name, where)
    custom_options = _vector(table, "CustomOptions", np.uint8).tobytes()
    return Operator(name, inputs, outputs, options, custom_options, is_custom)


def _options(table: Any, name: str, where: str) -> Any:
    """The options of a builtin operator, of the type that its name promises."""
    kind = _OPTION_NAMES.get(table.BuiltinOptionsType(), "NONE")
    union = table.BuiltinOptions()
    if name in _NEEDS_OPTIONS and (union is None or kind != _NEEDS_OPTIONS[name]):
        raise FileFormatError(f"{where}: expected {_NEEDS_OPTIONS[name]}, got {kind}")
    if union is None or kind == "NONE":
        return None
    options = getattr(schema, kind)()
    options.Init(union.Bytes, union.Pos)
    for key in _POSITIVE_OPTIONS:
        if hasattr(options, key) and not 1 <= getattr(options, key)() <= 2**15:
            raise FileFormatError(f"{where}: expected {key} in 1 ... {2**15}, got {getattr(options, key)()}")
    return options


def _check_order(
    tensors: tuple[Tensor, ...], operators: tuple[Operator, ...], inputs: tuple[int, ...], outputs: tuple[int, ...]
) -> None:
    """Every tensor has to be known before an operator reads it, and be written once."""
    if not inputs or not outputs:
        raise FileFormatError("expected a model with inputs and outputs")
    for role, indices in (("input", inputs), ("output", outputs)):
        for index in indices:
            if not 0 <= index < len(tensors):
                raise FileFormatError(f"model {role} tensor {index} does not exist")
    known = {index for index, tensor in enumerate(tensors) if tensor.data is not None}
    for index in inputs:
        if index in known:
            raise FileFormatError(f"model input tensor {index} is a constant or listed twice")
        known.add(index)
    for number, op in enumerate(operators):
        for index in op.inputs:
            if index >= 0 and index not in known:
                raise FileFormatError(f"operator {number} ({op.name}): tensor {index} is read before it is written")
        for index in op.outputs:
            if index in known:
                raise FileFormatError(f"operator {number} ({op.name}): tensor {index} is written a second time")
            known.add(index)
    for index in outputs:
        if index not in known:
            raise FileFormatError(f"model output tensor {index} is never written")


def _signature_names(root: Any, tensors: int) -> tuple[dict[int, str], dict[int, str]]:
    """Names by tensor index, from the first signature."""
    if not root.SignatureDefsLength():
        return {}, {}
    for number in range(root.SignatureDefsLength()):
        signature = root.SignatureDefs(number)
        maps = [signature.Inputs(n) for n in range(signature.InputsLength())]
        maps += [signature.Outputs(n) for n in range(signature.OutputsLength())]
        if signature.SubgraphIndex() != 0 or any(entry.TensorIndex() >= tensors for entry in maps):
            raise FileFormatError(f"signature {number}: a subgraph or tensor that it names does not exist")
    signature = root.SignatureDefs(0)
    inputs = [signature.Inputs(n) for n in range(signature.InputsLength())]
    outputs = [signature.Outputs(n) for n in range(signature.OutputsLength())]
    return (
        {entry.TensorIndex(): _text(entry.Name()) for entry in inputs},
        {entry.TensorIndex(): _text(entry.Name()) for entry in outputs},
    )


def _infos(tensors: tuple[Tensor, ...], indices: tuple[int, ...], names: dict[int, str]) -> tuple[TensorInfo, ...]:
    infos = []
    for index in indices:
        tensor = tensors[index]
        if tensor.scales.size > 1:
            raise FileFormatError(f"tensor {index} ({tensor.name!r}): expected one scale of a model's input or output")
        name = names.get(index, tensor.name)
        infos.append(TensorInfo(name, tensor.shape, tensor.dtype, tensor.scale, tensor.zero_point))
    if len({info.name for info in infos}) != len(infos):  # unnamed or equal: tell them apart by position
        infos = [dataclasses.replace(info, name=f"{info.name}:{n}") for n, info in enumerate(infos)]
    return tuple(infos)
