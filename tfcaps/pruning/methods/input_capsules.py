"""Single input capsules: a model whose class capsules listen to fewer of them.

    capsules = measure(problem, samples=512)                       # see methods/capsules.py
    small = remove_input_capsules(model, {"class_caps": scores > threshold})

A type of capsules stands at every place of the image, and some places say little: the corners of a centred digit.
Removing a type makes the convolution before smaller as well; removing single capsules makes the capsule layer smaller
only, whose votes and routing cost most.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Any

import numpy as np

from tfcaps._keras import keras
from tfcaps.errors import ModelError
from tfcaps.layers import CapsuleDense, CapsuleSelect
from tfcaps.pruning import allocate
from tfcaps.pruning.graph import walk
from tfcaps.pruning.methods.capsules import SCORES, measure
from tfcaps.pruning.methods.problem import Problem


def choose_input_capsules(
    problem: Problem, rate: float, score: str = "length", samples: int = 512
) -> dict[str, np.ndarray]:
    """The input capsules of every `CapsuleDense` without the part `rate` of them that scores lowest.

    Args:
        problem: Model and calibration images.
        rate: The part that goes, in [0, 1).
        score: ``"length"`` or ``"votes"``, as in `tfcaps.pruning.methods.capsules.Capsules`.
        samples: Calibration images.

    Returns:
        Which stay, bool [I], by name of the layer.

    Raises:
        ModelError: For a rate outside [0, 1), another score, or a model without such a layer.
    """
    if not 0.0 <= rate < 1.0:
        raise ModelError(f"choose_input_capsules: expected a rate in [0, 1), got {rate!r}")
    if score not in SCORES:
        raise ModelError(f"choose_input_capsules: expected score to be one of {', '.join(SCORES)}, got {score!r}")
    found = {}
    for capsules in measure(problem, samples).values():
        scores = capsules.lengths if score == "length" else capsules.votes
        found[capsules.layer] = allocate.top(scores, max(1, len(scores) - round(rate * len(scores))))
    return found


def remove_input_capsules(model: Any, keep: Mapping[str, np.ndarray]) -> Any:
    """A copy of the model whose capsule layers read only some of their input capsules.

    Args:
        model: A functional or sequential Keras model; it stays as it is.
        keep: Which input capsules stay, bool [I], by name of the `CapsuleDense`.

    Returns:
        A functional model with a `CapsuleSelect` before each of these layers and as many row blocks less in its kernel.
        One that chooses already chooses less.

    Raises:
        ModelError: For a name that is no `CapsuleDense` of the model itself, a layer that is called more than once, or
            an array of another length or without any capsule left.
    """
    walk.check(model)
    network = walk.network(model)
    chosen = {name: np.asarray(items) for name, items in keep.items()}
    calls = {name: [node for node in network.nodes if node.layer.name == name] for name in chosen}
    for name, nodes in calls.items():
        if len(nodes) != 1 or not isinstance(nodes[0].layer, CapsuleDense):
            raise ModelError(f"remove_input_capsules: expected one CapsuleDense called {name!r} in {model.name!r}")
        count = int(walk.tensors(nodes[0].args)[0].shape[1])
        if chosen[name].dtype != bool or chosen[name].shape != (count,) or not chosen[name].any():
            raise ModelError(
                f"remove_input_capsules: expected bool [{count}] with something left for {name!r}, got "
                f"{chosen[name].dtype} {list(chosen[name].shape)}"
            )
    inputs = [_new_input(tensor) for tensor in walk.tensors(network.inputs)]
    values = {id(old): new for old, new in zip(walk.tensors(network.inputs), inputs, strict=True)}
    copies: dict[int, Any] = {}
    choices: dict[int, tuple[Any, list[int]]] = {}  # by the result of a CapsuleSelect: what it chooses from, and which
    for node in network.nodes:
        args, kwargs = walk.swap((node.args, node.kwargs), lambda tensor: values[id(tensor)])
        layer = copies.setdefault(id(node.layer), _copy(node.layer))
        if node.layer.name in chosen:
            items = chosen[node.layer.name]
            source, indices = choices.get(id(args[0]), (args[0], list(range(len(items)))))
            left = [index for index, stays in zip(indices, items, strict=True) if stays]
            args = (CapsuleSelect(left, name=_new_name(network, f"{node.layer.name}_select"))(source), *args[1:])
        results = walk.tensors(layer(*args, **kwargs))
        if isinstance(layer, CapsuleSelect):
            choices[id(results[0])] = args[0], layer.indices
        values.update({id(old): new for old, new in zip(node.outputs, results, strict=True)})
        if hasattr(node.layer, "get_weights"):
            layer.set_weights(_weights(node.layer, chosen.get(node.layer.name)))
    outputs = walk.swap(network.outputs, lambda tensor: values[id(tensor)])
    structure = iter(inputs)
    return keras.Model(walk.swap(network.inputs, lambda _: next(structure)), outputs, name=model.name)


def _new_input(tensor: Any) -> Any:
    return keras.Input(tuple(tensor.shape)[1:], dtype=tensor.dtype, name=walk.input_layer(tensor).name)


def _new_name(network: walk.Network, name: str) -> str:
    """The name, with a number behind it if the model has such a layer already."""
    taken = {node.layer.name for node in network.nodes}
    names = itertools.chain([name], (f"{name}_{number}" for number in itertools.count(1)))
    return next(found for found in names if found not in taken)


def _copy(layer: Any) -> Any:
    """The same layer without weights; an operation of Keras 3, which has none, as it is."""
    if walk.is_network(layer):
        return keras.models.clone_model(layer)
    return type(layer).from_config(layer.get_config()) if isinstance(layer, keras.layers.Layer) else layer


def _weights(layer: Any, items: np.ndarray | None) -> list[np.ndarray]:
    weights = layer.get_weights()
    if items is None:
        return weights
    kernel, *rest = weights
    rows = np.repeat(items, len(kernel) // len(items))
    return [kernel[rows], *rest]
