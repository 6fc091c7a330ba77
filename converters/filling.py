"""Filling the holes: custom operators go between tap and hole, and the scales on both sides are settled."""

from __future__ import annotations

import warnings

import numpy as np

from tfcaps.converters import flatbuffer, tracing
from tfcaps.converters.flatbuffer import Model, Operator, Subgraph, schema
from tfcaps.converters.ops import Call, Quantization
from tfcaps.errors import ConversionError
from tfcaps.layers import Squash
from tfcaps.quantization.calibration import squash_clip

# Operators whose output carries the scale of their input, and operators that can give any scale.
_SAME_SCALE = {"RESHAPE", "TRANSPOSE", "SQUEEZE", "EXPAND_DIMS", "STRIDED_SLICE", "GATHER", "MAX_POOL_2D", "PAD"}
_RESCALING = {"CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED", "ADD", "SUB", "MUL", "TRANSPOSE_CONV", "MEAN"}

# Vectors shorter than 1/16 squash to zero in int8: a layer that gives nothing larger loses nothing in this range.
_SMALLEST_SQUASH_RANGE = (-128e-4, 127e-4)


def fill(file: Model, calls: list[Call], *, fit_squash_range: bool) -> None:
    """Put each call's custom operator between ``tap_k`` and ``hole_k``.

    Args:
        file: The stock converter's file for the holed graph; changed in place, operators not yet in order.
        calls: The recorded calls, in the order of the holes.
        fit_squash_range: Choose the range of pre-squash tensors by the error after the squash.

    Raises:
        ConversionError: If the tensor in front of a capsule layer could not be quantised.
    """
    graph, signature = file.subgraphs[0], file.signatureDefs[0]
    taps = {flatbuffer.text(e.name): int(e.tensorIndex) for e in signature.outputs}
    holes = {flatbuffer.text(e.name): int(e.tensorIndex) for e in signature.inputs}
    unit_length: set[int] = set()  # tensors of squashed capsules, which have lengths below one
    for k, call in enumerate(calls):
        tap, hole = taps[f"tap_{k}"], holes[f"hole_{k}"]
        if isinstance(call.layer, Squash):
            if fit_squash_range:
                _fit_range(file, graph, tap, squash_clip(call.inputs))
            q = flatbuffer.get_quantization(graph.tensors[tap])
            if q is not None and q[0] < _SMALLEST_SQUASH_RANGE[1] / 127:
                _fit_range(file, graph, tap, _SMALLEST_SQUASH_RANGE)
        source = _source(graph, tap, call)
        from_squash = _chosen_from(file, graph, tap) in unit_length
        op = tracing.lowering_of(call.layer).lower(call, source, from_squash=from_squash)
        inputs = [tap]
        for c in op.constants:
            q = None if c.scales is None else flatbuffer.quantization(list(c.scales), 0, c.axis)
            inputs.append(flatbuffer.add_constant(file, graph, c.name, c.values, q))
        target = _target(file, graph, hole, op.output, call)
        flatbuffer.add_custom_operator(file, graph, op.code, inputs, [target], op.options)
        if op.code != "TfcapsLength":
            unit_length.add(target)


def _source(graph: Subgraph, tap: int, call: Call) -> Quantization:
    """Quantisation of the tensor in front of a capsule layer; an untouched model input gets one here."""
    tensor = graph.tensors[tap]
    q = flatbuffer.get_quantization(tensor)
    if q is None and tensor.type == schema.TensorType.FLOAT32 and tap in [int(t) for t in graph.inputs]:
        low, high = min(0.0, float(call.inputs.min())), max(0.0, float(call.inputs.max()))
        q = _affine(low, max(high, low + 1e-6))
        flatbuffer.set_quantization(tensor, *q)
    if q is None:
        raise ConversionError(f"the input of capsule layer {call.layer.name!r} could not be quantised to int8")
    return Quantization(*q)


def _chosen_from(file: Model, graph: Subgraph, tensor: int) -> int:
    """The tensor of which a tensor has some capsules, whole ones: what its GATHER reads, or itself."""
    for op in graph.operators:
        if tensor in map(int, op.outputs) and flatbuffer.operator_name(file, op) == "GATHER":
            source = int(op.inputs[0])
            if op.builtinOptions.axis % len(graph.tensors[source].shape) < len(graph.tensors[source].shape) - 1:
                return source
    return tensor


def _target(file: Model, graph: Subgraph, hole: int, wanted: Quantization, call: Call) -> int:
    """The tensor the custom operator writes: the hole itself, or one of its own scale in front of a QUANTIZE."""
    tensor = graph.tensors[hole]
    tensor.name = call.layer.name
    q = flatbuffer.get_quantization(tensor)
    if q is None or (abs(q[0] / wanted.scale - 1) < 1e-5 and q[1] == wanted.zero_point):
        flatbuffer.set_quantization(tensor, wanted.scale, wanted.zero_point)
        return hole
    if q[0] > 1.5 * wanted.scale:
        warnings.warn(
            f"the output of capsule layer {call.layer.name!r} shares its scale with other tensors (a concatenation?) "
            f"and is kept in steps of {q[0]:.4g} instead of {wanted.scale:.4g}",
            stacklevel=5,
        )
    own = flatbuffer.add_tensor(file, graph, tensor, f"{call.layer.name}/output", wanted.scale, wanted.zero_point)
    flatbuffer.add_quantize(file, graph, own, hole)
    return own


def _fit_range(file: Model, graph: Subgraph, tap: int, limits: tuple[float, float]) -> None:
    """Give a tensor another range, up to the operator that can produce it; builtin kernels read scales from tensors.

    Left alone where anything else reads the tensors on the way or their producer has no scale of its own.
    """
    producers: dict[int, Operator] = {int(t): o for o in graph.operators for t in o.outputs}
    readers = [int(t) for o in graph.operators for t in o.inputs]
    chain, outputs = [tap], [int(t) for t in graph.outputs]
    while True:
        producer = producers.get(chain[-1])
        if producer is None or flatbuffer.get_quantization(graph.tensors[chain[-1]]) is None:
            return
        kind = flatbuffer.operator_name(file, producer)
        if kind in _RESCALING:
            break
        if kind not in _SAME_SCALE:
            return
        chain.append(int(producer.inputs[0]))
    for i, tensor in enumerate(chain):
        if readers.count(tensor) != (i > 0) or outputs.count(tensor) != (i == 0):
            return
    for tensor in chain:
        flatbuffer.set_quantization(graph.tensors[tensor], *_affine(*limits))


def _affine(low: float, high: float) -> tuple[float, int]:
    """Scale and zero point with which int8 spans the real values `low` to `high`."""
    scale = (high - low) / 255
    return scale, int(np.clip(np.round(-128 - low / scale), -128, 127))
