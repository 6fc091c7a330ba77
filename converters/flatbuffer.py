"""Editing a .tflite: read, find tensors by signature name, rewire, drop what is dead, write aligned.

The schema's object API is used throughout. It ignores ``force_align: 16``, so `save` aligns every buffer and every
operator's custom options itself: kernels read multipliers in place.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema

from tfcaps.errors import ConversionError

# The generated classes carry no types.
Model: TypeAlias = Any
Subgraph: TypeAlias = Any
Tensor: TypeAlias = Any
Operator: TypeAlias = Any

_ALIGNMENT = 16


def load(data: bytes) -> Model:
    """The object form of a .tflite that is known to be sound (such as the stock converter's)."""
    return schema.ModelT.InitFromPackedBuf(data, 0)


def save(model: Model) -> bytes:
    """The file, with buffers and custom options aligned to 16 bytes."""
    for buffer in model.buffers:
        if buffer.data is not None:
            buffer.data = np.frombuffer(bytes(buffer.data), np.uint8)
    for graph in model.subgraphs:
        for operator in graph.operators:
            if operator.customOptions is not None:
                operator.customOptions = np.frombuffer(bytes(operator.customOptions), np.uint8)
    builder = _AlignedBuilder(1 << 16)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


class _AlignedBuilder(flatbuffers.Builder):
    """A builder whose byte vectors start at multiples of 16."""

    def CreateNumpyVector(self, x: np.ndarray) -> Any:  # noqa: N802 (the base class's name)
        x = np.asarray(x)
        if x.dtype != np.uint8:
            return super().CreateNumpyVector(x)
        self.StartVector(1, x.size, _ALIGNMENT)
        self.head -= x.size
        self.Bytes[self.head : self.head + x.size] = x.tobytes()
        self.vectorNumElems = x.size
        return self.EndVector()


def text(value: str | bytes | None) -> str:
    """A flatbuffer string, which the object API gives as bytes."""
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value or ""


def operator_name(model: Model, operator: Operator) -> str:
    """CONV_2D, TfcapsSquash, ..."""
    code = model.operatorCodes[operator.opcodeIndex]
    builtin = max(code.builtinCode, code.deprecatedBuiltinCode)
    if builtin == schema.BuiltinOperator.CUSTOM:
        return text(code.customCode)
    return next(name for name, value in vars(schema.BuiltinOperator).items() if value == builtin)


def quantization(scale: float | Sequence[float], zero_point: int = 0, axis: int = 0) -> schema.QuantizationParametersT:
    """Per-tensor, or with a list of scales per-channel (zero points 0) quantisation parameters."""
    parameters = schema.QuantizationParametersT()
    scales = np.atleast_1d(np.asarray(scale, np.float32))
    parameters.scale = scales.tolist()
    parameters.zeroPoint = [int(zero_point)] * len(scales)
    parameters.quantizedDimension = axis
    return parameters


def set_quantization(tensor: Tensor, scale: float, zero_point: int) -> None:
    """Make a tensor int8 with this scale and zero point."""
    tensor.type = schema.TensorType.INT8
    tensor.quantization = quantization(scale, zero_point)


def get_quantization(tensor: Tensor) -> tuple[float, int] | None:
    """(scale, zero point) of an int8 tensor quantised as a whole, else None."""
    q = tensor.quantization
    if tensor.type != schema.TensorType.INT8 or q is None or q.scale is None or len(q.scale) != 1:
        return None
    return float(q.scale[0]), int(q.zeroPoint[0])


def add_tensor(model: Model, graph: Subgraph, like: Tensor, name: str, scale: float, zero_point: int) -> int:
    """A new int8 activation tensor of the shape of `like`; its index."""
    tensor = schema.TensorT()
    tensor.name, tensor.shape, tensor.buffer = name, list(like.shape), 0
    set_quantization(tensor, scale, zero_point)
    graph.tensors.append(tensor)
    return len(graph.tensors) - 1


def add_constant(
    model: Model, graph: Subgraph, name: str, values: np.ndarray, q: schema.QuantizationParametersT | None = None
) -> int:
    """A new constant tensor (int8 or int32); its index."""
    buffer = schema.BufferT()
    buffer.data = np.frombuffer(np.ascontiguousarray(values).tobytes(), np.uint8)
    model.buffers.append(buffer)
    tensor = schema.TensorT()
    tensor.name, tensor.shape, tensor.buffer = name, list(values.shape), len(model.buffers) - 1
    tensor.type = {"int8": schema.TensorType.INT8, "int32": schema.TensorType.INT32}[values.dtype.name]
    tensor.quantization = q
    graph.tensors.append(tensor)
    return len(graph.tensors) - 1


def add_custom_operator(
    model: Model, graph: Subgraph, code: str, inputs: Sequence[int], outputs: Sequence[int], options: bytes
) -> None:
    """Append a custom operator; `sort_operators` puts it in its place."""
    operator = schema.OperatorT()
    operator.opcodeIndex = _operator_code(model, schema.BuiltinOperator.CUSTOM, code)
    operator.inputs, operator.outputs = list(inputs), list(outputs)
    operator.customOptions = np.frombuffer(options, np.uint8)
    operator.customOptionsFormat = schema.CustomOptionsFormat.FLEXBUFFERS
    graph.operators.append(operator)


def add_quantize(model: Model, graph: Subgraph, source: int, target: int) -> None:
    """Append a QUANTIZE operator that converts between the two tensors' int8 scales."""
    operator = schema.OperatorT()
    operator.opcodeIndex = _operator_code(model, schema.BuiltinOperator.QUANTIZE)
    operator.inputs, operator.outputs = [source], [target]
    graph.operators.append(operator)


def _operator_code(model: Model, builtin: int, custom: str | None = None) -> int:
    for index, code in enumerate(model.operatorCodes):
        if max(code.builtinCode, code.deprecatedBuiltinCode) == builtin and text(code.customCode) == (custom or ""):
            return index
    code = schema.OperatorCodeT()
    code.builtinCode, code.deprecatedBuiltinCode = builtin, min(builtin, 127)
    code.customCode, code.version = custom, 1
    model.operatorCodes.append(code)
    return len(model.operatorCodes) - 1


def sort_operators(graph: Subgraph) -> None:
    """Order operators so that each comes after the producers of its inputs, otherwise as they are.

    Raises:
        ConversionError: If they depend on one another in a circle.
    """
    pending = list(graph.operators)
    unmade = {int(t) for operator in pending for t in operator.outputs}
    ordered = []
    while pending:
        ready = next((o for o in pending if not any(int(t) in unmade for t in o.inputs)), None)
        if ready is None:
            raise ConversionError("the converted graph has operators that depend on one another in a circle")
        pending.remove(ready)
        ordered.append(ready)
        unmade -= {int(t) for t in ready.outputs}
    graph.operators = ordered


def drop_dead(model: Model) -> None:
    """Remove operators, tensors, operator codes and buffers that no output needs, and renumber the rest."""
    for graph in model.subgraphs:
        needed, kept = {int(t) for t in graph.outputs}, []
        for operator in reversed(graph.operators):
            if any(int(t) in needed for t in operator.outputs):
                kept.append(operator)
                needed |= {int(t) for t in operator.inputs}
        graph.operators = kept[::-1]
        for operator in graph.operators:
            needed |= {int(t) for t in operator.outputs} | {int(t) for t in _list(operator.intermediates)}
        needed |= {int(t) for t in graph.inputs}
        used = sorted(needed - {-1})
        number = {-1: -1, **{old: new for new, old in enumerate(used)}}
        graph.tensors = [graph.tensors[t] for t in used]
        graph.inputs = [number[int(t)] for t in graph.inputs]
        graph.outputs = [number[int(t)] for t in graph.outputs]
        for operator in graph.operators:
            operator.inputs = [number[int(t)] for t in operator.inputs]
            operator.outputs = [number[int(t)] for t in operator.outputs]
            operator.intermediates = [number[int(t)] for t in _list(operator.intermediates)] or None
        for signature in _list(model.signatureDefs):
            for entry in [*signature.inputs, *signature.outputs]:
                entry.tensorIndex = number[int(entry.tensorIndex)]
    operators = [o for graph in model.subgraphs for o in graph.operators]
    codes = sorted({o.opcodeIndex for o in operators})
    for operator in operators:
        operator.opcodeIndex = codes.index(operator.opcodeIndex)
    model.operatorCodes = [model.operatorCodes[c] for c in codes]
    holders = [t for graph in model.subgraphs for t in graph.tensors] + _list(model.metadata)
    buffers = sorted({0} | {int(holder.buffer) for holder in holders})  # buffer 0 stays empty by convention
    renumbered = {old: new for new, old in enumerate(buffers)}
    for holder in holders:
        holder.buffer = renumbered[int(holder.buffer)]
    model.buffers = [model.buffers[b] for b in buffers]


def _list(value: Any) -> list[Any]:
    return [] if value is None else list(value)
