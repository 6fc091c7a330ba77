"""`to_tflite`: a Keras model with capsule layers becomes a full-int8 .tflite with custom operators.

record    every capsule call's inputs and outputs over the calibration data            tracing.record
trace     the model's graph with a hole in the place of each capsule call              tracing.trace
convert   that graph by the stock converter: all builtin operators, int8 in and out    _convert
fill      each hole with its custom operator, between tap and hole                     filling.fill
finish    the model's own inputs, outputs and names; order, drop what is dead          _finish
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from tfcaps.converters import filling, flatbuffer, representative, tracing
from tfcaps.converters.flatbuffer import schema
from tfcaps.converters.ops import Call
from tfcaps.errors import ConversionError, ModelError


def to_tflite(
    model: Any,
    representative_data: Any = None,
    *,
    calibration_samples: int | None = 500,
    fit_squash_range: bool = True,
    input_names: list[str] | None = None,
    output_names: list[str] | None = None,
) -> bytes:
    """Convert a Keras model to an int8 .tflite with capsule operators.

    Works on functional, sequential, subclassed, nested, shared-layer, multi-input and multi-output models of the Keras
    flavour in use; on plain ones (post-training quantisation), on tfmot's quantisation-aware ones and on pruned ones.

    Args:
        model: The model.
        representative_data: Calibration inputs, from the training set: one float array [N, ...], a list of arrays in
            input order, a dict of arrays by input name, or a function or generator like TensorFlow Lite's. A model from
            `tfcaps.quantization.quantize_model` carries its ranges and needs none.
        calibration_samples: Use at most so many of them; None for all.
        fit_squash_range: Choose the range of each pre-squash tensor by the error after the squash. Not used for a
            quantisation-aware model, whose ranges were trained.
        input_names: Names in the file for the inputs; default the model's.
        output_names: Names in the file for the outputs; default the model's.

    Returns:
        The file: batch 1, int8 inputs and outputs.

    Raises:
        ModelError: If `model` is not a model that can be called with known shapes.
        DataError: If the calibration data does not fit the model.
        ConversionError: If a layer cannot be expressed in int8; names it.
    """
    tracing.check_model(model)
    trained_ranges = is_quantization_aware(model)
    examples = None if representative_data is None else representative.gather(representative_data)
    signature = tracing.signature_of(model, examples)
    if examples is not None:
        data = representative.by_name(examples, signature.names, signature.shapes, calibration_samples)
    elif trained_ranges:
        # The trained ranges decide; one image of noise shows the shapes.
        noise = np.random.default_rng(0)
        data = {n: noise.random((1, *s), np.float32) for n, s in zip(signature.names, signature.shapes, strict=True)}
    else:
        raise ModelError(
            f"model {model.name!r} has no trained ranges: post-training quantisation needs representative_data"
        )
    with tracing.in_float32(model):
        calls = tracing.record(signature, data)
        graph = tracing.trace(model, signature, calls)
    feed = None if trained_ranges else _feed(signature, data, calls)
    file = flatbuffer.load(_convert(model, graph, feed))
    filling.fill(file, calls, fit_squash_range=fit_squash_range and not trained_ranges)
    _finish(
        file,
        _names("input", input_names, list(signature.names)),
        _names("output", output_names, graph.output_names),
    )
    _check_integer(file)
    return flatbuffer.save(file)


def is_quantization_aware(model: Any) -> bool:
    """Whether tfmot has put quantisers into the model."""
    return any(type(layer).__name__.startswith("QuantizeWrapper") for layer in model.layers)


def _feed(
    signature: tracing.Signature, data: Mapping[str, np.ndarray], calls: list[Call]
) -> Iterator[dict[str, np.ndarray]]:
    """Calibration steps for the holed graph: real inputs, and in the holes what would have come through.

    One more step than there are examples pins each hole to the exact range of its custom operator's output, so that the
    stock calibrator arrives at that operator's scale.
    """
    ranges = [tracing.lowering_of(call.layer).output_range(call) for call in calls]
    count = len(data[signature.names[0]])

    def step(n: int) -> dict[str, np.ndarray]:
        inputs = {f"in_{i}": data[name][n : n + 1] for i, name in enumerate(signature.names)}
        holes = {
            f"hole_{k}": np.clip(call.outputs[n : n + 1], *limits)
            for k, (call, limits) in enumerate(zip(calls, ranges, strict=True))
        }
        return inputs | holes

    yield from map(step, range(count))
    pinned = step(0)
    for k, limits in enumerate(ranges):
        pinned[f"hole_{k}"].flat[0], pinned[f"hole_{k}"].flat[-1] = limits
    yield pinned


def _convert(model: Any, graph: tracing.HoledGraph, feed: Iterator[dict[str, np.ndarray]] | None) -> bytes:
    converter = tf.lite.TFLiteConverter.from_concrete_functions([graph.function], graph.owner)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.inference_input_type = converter.inference_output_type = tf.int8
    if feed is not None:
        steps = list(feed)
        converter.representative_dataset = lambda: iter(steps)
        # For a quantisation-aware model this stays at its default: the ranges come from its fake quantisers.
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    try:
        with warnings.catch_warnings():
            # TensorFlow's calibrator announces the deprecation of its own interpreter.
            warnings.filterwarnings("ignore", message=r"\s*Warning: tf.lite.Interpreter is deprecated")
            return converter.convert()
    except Exception as error:
        raise ConversionError(f"model {model.name!r}: {_reason(str(error))}") from error


def _reason(message: str) -> str:
    """The part of a stock converter's error that names operator and layer, in one line."""
    operators = sorted(set(re.findall(r"tf\.([A-Z]\w+)", message)))
    places = re.findall(r'callsite\("([^"@]+)@__inference_run', message)
    place = f" (at {places[0]})" if places else ""
    if operators:
        return f"no int8 builtin operator for {', '.join(operators[:5])}{place}; replace that layer or move it out"
    first = next((line for line in message.splitlines() if line.strip()), "the stock converter failed")
    return f"{first.strip()[:300]}{place}"


def _names(kind: str, wanted: list[str] | None, own: list[str]) -> list[str]:
    if wanted is None:
        return own
    if len(wanted) != len(own) or len(set(wanted)) != len(wanted):
        raise ModelError(f"Expected {len(own)} different {kind} names, got {wanted}")
    return list(wanted)


def _finish(file: flatbuffer.Model, inputs: list[str], outputs: list[str]) -> None:
    """Take the holes and taps out of the signature, give the rest their names, order the operators."""
    graph, signature = file.subgraphs[0], file.signatureDefs[0]
    for prefix, names, entries in (("in_", inputs, "inputs"), ("out_", outputs, "outputs")):
        by_name = {flatbuffer.text(entry.name): entry for entry in getattr(signature, entries)}
        kept = [by_name[f"{prefix}{i}"] for i in range(len(names))]
        for entry, name in zip(kept, names, strict=True):
            entry.name = name
        setattr(signature, entries, kept)
        indices = [int(entry.tensorIndex) for entry in kept]
        setattr(graph, entries, indices)
        for index, name in zip(indices, names, strict=True):
            graph.tensors[index].name = name
    file.description = "tfcaps"
    flatbuffer.sort_operators(graph)
    flatbuffer.drop_dead(file)


def _check_integer(file: flatbuffer.Model) -> None:
    """Raise unless every tensor is an integer one."""
    graph = file.subgraphs[0]
    floats = (schema.TensorType.FLOAT32, schema.TensorType.FLOAT16, schema.TensorType.FLOAT64)
    for index in graph.inputs:
        if graph.tensors[index].type in floats:
            raise ConversionError(f"input {flatbuffer.text(graph.tensors[index].name)!r} could not be quantised")
    for operator in graph.operators:
        for index in [*operator.inputs, *operator.outputs]:
            if index >= 0 and graph.tensors[index].type in floats:
                name = flatbuffer.text(graph.tensors[index].name)
                kind = flatbuffer.operator_name(file, operator)
                raise ConversionError(f"operator {kind} stays in floating point at tensor {name!r}")
