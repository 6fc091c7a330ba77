"""Looking at a Keras model from outside: its signature, its capsule calls, and its graph with holes.

The stock converter cannot carry a capsule layer, and it cannot calibrate around a custom operator. So it never sees
one: in the graph it converts, the output of the k-th capsule call is an extra input ``hole_k``, and the call's input an
extra output ``tap_k``. What would have flowed through the hole is recorded beforehand and fed in as calibration data.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf

from tfcaps._keras import FLAVOUR, keras
from tfcaps.converters.ops import LOWERINGS, Call, Lowering
from tfcaps.errors import ConversionError, ModelError
from tfcaps.layers import CapsuleOp, intercept

_BATCH = 50


@dataclass(frozen=True)
class Signature:
    """Names and shapes of a model's inputs, and how to call it with them.

    Attributes:
        names: Input names in order.
        shapes: Their shapes without the batch.
        call: From a tuple of batched tensors in that order to the model's output structure, in inference mode.
    """

    names: tuple[str, ...]
    shapes: tuple[tuple[int, ...], ...]
    call: Callable[[tuple[tf.Tensor, ...]], Any]


def check_model(model: Any) -> None:
    """Raise a ModelError unless `model` is a Keras model of the flavour in use, and not under pruning."""
    if isinstance(model, keras.Model):
        if any(type(layer).__name__ == "PruneLowMagnitude" for layer in model._flatten_layers()):
            raise ModelError(f"model {model.name!r} is under pruning: convert tfcaps.pruning.strip_pruning(model)")
        return
    bases = {(base.__module__.split(".")[0], base.__name__) for base in type(model).__mro__}
    if bases & {("keras", "Model"), ("tf_keras", "Model")}:
        switch = "unset TF_USE_LEGACY_KERAS" if FLAVOUR == "tf_keras" else "set TF_USE_LEGACY_KERAS=1"
        raise ModelError(f"Expected a {FLAVOUR} model, got one of the other Keras: {switch} before importing tfcaps")
    raise ModelError(f"Expected a Keras model, got {type(model).__name__}")


@contextlib.contextmanager
def in_float32(model: Any) -> Iterator[None]:
    """Within the block, layers of a mixed-precision model compute in float32, as their variables are."""
    changed = []
    for layer in model._flatten_layers():
        policy = layer.dtype_policy
        if policy.compute_dtype in ("float16", "bfloat16"):
            changed.append((layer, policy))
            _set_policy(layer, "float32")
    try:
        yield
    finally:
        for layer, policy in changed:
            _set_policy(layer, policy)


def _set_policy(layer: Any, policy: Any) -> None:
    if FLAVOUR == "keras":
        layer.dtype_policy = policy
    else:
        layer._set_dtype_policy(policy)


def signature_of(model: Any, examples: Any = None) -> Signature:
    """The signature of a functional or sequential model, or of a subclassed one by way of example inputs.

    Args:
        model: A Keras model.
        examples: For a subclassed model, an array, a list of arrays or a dict of arrays, [N, ...] each.

    Raises:
        ModelError: If the inputs are unknown or their shapes are not fixed.
    """
    symbolic = _symbolic_inputs(model)
    if symbolic is not None:
        flat = tf.nest.flatten(symbolic)
        names = tuple(_input_names(model, flat))
        shapes = tuple(tuple(x.shape)[1:] for x in flat)
        structure = symbolic
    elif examples is not None:
        structure = examples if isinstance(examples, (dict, list, tuple)) else np.asarray(examples)
        flat = tf.nest.flatten(structure)
        names = tuple(sorted(structure)) if isinstance(structure, dict) else _numbered("input", len(flat))
        shapes = tuple(np.shape(x)[1:] for x in flat)
    else:
        raise ModelError(
            f"model {model.name!r} does not know its inputs (subclassed or not built): give representative_data"
        )
    for name, shape in zip(names, shapes, strict=True):
        if any(size is None for size in shape):
            raise ModelError(f"model {model.name!r}: input {name!r} has shape {shape}: only the batch may be unknown")

    def call(tensors: tuple[tf.Tensor, ...]) -> Any:
        return model(tf.nest.pack_sequence_as(structure, list(tensors)), training=False)

    return Signature(names, tuple(tuple(int(size) for size in shape) for shape in shapes), call)


def _symbolic_inputs(model: Any) -> Any:
    """The structure of symbolic inputs, None for a subclassed model."""
    for attribute in ("_inputs_struct", "_nested_inputs"):  # Keras 3, tf_keras
        structure = getattr(model, attribute, None)
        if structure is not None:
            return structure
    inner = getattr(model, "_functional", None)  # a Keras 3 Sequential
    return _symbolic_inputs(inner) if inner is not None else None


def _input_names(model: Any, flat: list[Any]) -> list[str]:
    names = getattr(model, "input_names", None)
    if names is not None and len(names) == len(flat):
        return list(names)
    return [getattr(x, "name", f"input_{i}") for i, x in enumerate(flat)]


def _numbered(kind: str, count: int) -> tuple[str, ...]:
    return (kind,) if count == 1 else tuple(f"{kind}_{i}" for i in range(count))


def output_names(model: Any, outputs: Any) -> list[str]:
    """Names for the flattened output structure of a model."""
    if isinstance(outputs, Mapping):
        return [str(key) for key in sorted(outputs)]
    count = len(tf.nest.flatten(outputs))
    names = getattr(model, "output_names", None)
    if names is None or len(names) != count:
        return list(_numbered("output", count))
    return [name.removeprefix("quant_") for name in names]  # tfmot renames the layers it wraps


def record(signature: Signature, data: Mapping[str, np.ndarray]) -> list[Call]:
    """Run the model over calibration data and record every capsule call.

    Args:
        signature: Of the model.
        data: Float inputs by name, [N, ...].

    Returns:
        The calls in their order, which is that of the holes of `trace`.

    Raises:
        ConversionError: If a capsule layer has no lowering.
    """
    layers: list[CapsuleOp] = []
    refusals: list[ConversionError] = []

    @tf.function(
        input_signature=[tf.TensorSpec((None, *shape), tf.float32) for shape in signature.shapes], autograph=False
    )
    def run(*inputs: tf.Tensor) -> Any:
        layers.clear()
        values, weights = [], []
        graph = tf.compat.v1.get_default_graph()

        def hook(layer: CapsuleOp, x: tf.Tensor, compute: Callable[[tf.Tensor], tf.Tensor]) -> tf.Tensor:
            y = compute(x)
            if tf.compat.v1.get_default_graph() is not graph:  # Keras infers shapes in graphs of its own
                return y
            try:
                lowering = lowering_of(layer)
            except ConversionError as error:  # raised below: Keras would wrap it in a page about the call
                refusals.append(error)
                return y
            layers.append(layer)
            values.append((tf.cast(x, tf.float32), tf.cast(y, tf.float32)))
            weights.append({k: tf.convert_to_tensor(w) for k, w in lowering.weights(layer).items()})
            return y

        with intercept(hook):
            signature.call(inputs)
        return values, weights

    function = run.get_concrete_function()
    if refusals:
        raise refusals[0]
    count = len(data[signature.names[0]])
    batches = []
    for start in range(0, count, _BATCH):
        batch = [tf.constant(data[name][start : start + _BATCH], tf.float32) for name in signature.names]
        values, weights = function(*batch)
        batches.append([(x.numpy(), y.numpy()) for x, y in values])
    return [
        Call(
            layer,
            np.concatenate([batch[k][0] for batch in batches]),
            np.concatenate([batch[k][1] for batch in batches]),
            {name: w.numpy() for name, w in weights[k].items()},
        )
        for k, layer in enumerate(layers)
    ]


def lowering_of(layer: CapsuleOp) -> Lowering:
    """The lowering of a layer or of the nearest of its base classes that has one.

    Raises:
        ConversionError: If there is none.
    """
    for cls in type(layer).__mro__:
        if cls.__name__ in LOWERINGS:
            return LOWERINGS[cls.__name__]
    raise ConversionError(
        f"layer {layer.name!r} ({type(layer).__name__}) has no integer operator; "
        f"those that have one are {', '.join(LOWERINGS)}. Convert the part of the model without it"
    )


@dataclass(frozen=True)
class HoledGraph:
    """The model as the stock converter sees it.

    Attributes:
        function: Concrete function: inputs ``in_i``, ``hole_k``; outputs ``out_i``, ``tap_k``; batch 1.
        owner: Keeps the variables alive and known to the converter.
        output_names: The model's names for ``out_i``.
    """

    function: Any
    owner: tf.Module
    output_names: list[str]


def trace(model: Any, signature: Signature, calls: list[Call]) -> HoledGraph:
    """The graph of a model with a hole in the place of every recorded capsule call."""
    inputs = [tf.TensorSpec((1, *shape), tf.float32, name=f"in_{i}") for i, shape in enumerate(signature.shapes)]
    holes = [tf.TensorSpec((1, *c.outputs.shape[1:]), tf.float32, name=f"hole_{k}") for k, c in enumerate(calls)]
    names: list[str] = []

    @tf.function(input_signature=[*inputs, *holes], autograph=False)
    def run(*tensors: tf.Tensor) -> dict[str, tf.Tensor]:
        real, empty = tensors[: len(inputs)], tensors[len(inputs) :]
        taps: list[tf.Tensor] = []
        graph = tf.compat.v1.get_default_graph()

        def hook(layer: CapsuleOp, x: tf.Tensor, compute: Callable[[tf.Tensor], tf.Tensor]) -> tf.Tensor:
            if tf.compat.v1.get_default_graph() is not graph:
                return compute(x)
            k = len(taps)
            taps.append(tf.cast(tf.ensure_shape(x, (1, *calls[k].inputs.shape[1:])), tf.float32))
            return tf.cast(empty[k], layer.compute_dtype)

        with intercept(hook):
            outputs = signature.call(real)
        names[:] = output_names(model, outputs)
        return {
            **{f"out_{i}": tf.cast(tf.identity(y), tf.float32) for i, y in enumerate(tf.nest.flatten(outputs))},
            **{f"tap_{k}": tf.identity(x) for k, x in enumerate(taps)},
        }

    function = run.get_concrete_function()
    owner = tf.Module()
    # A list of plain tf.Variables: the model itself on a tf.Module makes a Keras 3 conversion fail in READ_VARIABLE.
    owner.variables_ = [v.value if FLAVOUR == "keras" else v for v in model.variables]
    owner.run = run
    return HoledGraph(function, owner, names)
