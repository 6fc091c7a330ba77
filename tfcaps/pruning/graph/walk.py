"""The two Keras flavours' functional models as one thing: inputs, calls of layers in topological order, outputs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import tensorflow as tf

from tfcaps._keras import LEGACY, keras
from tfcaps.errors import ModelError


@dataclass(frozen=True)
class Node:
    """One call of a layer (or, in Keras 3, of an operation)."""

    layer: Any
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    outputs: list[Any]
    key: int


@dataclass(frozen=True)
class Network:
    """A functional model: Keras tensors and the nodes between them, in the nesting in which the model has them."""

    inputs: Any
    nodes: list[Node]
    outputs: Any


def is_network(layer: Any) -> bool:
    """Whether the object is a functional or sequential model with known inputs."""
    if isinstance(layer, keras.Sequential):
        return bool(layer.built and getattr(layer, "inputs", None))
    functional = keras.src.engine.functional.Functional if LEGACY else keras.src.models.functional.Functional
    return isinstance(layer, functional) and (not LEGACY or layer._is_graph_network)


def network(model: Any) -> Network:
    """The model's calls, each after those whose outputs it reads."""
    if LEGACY:
        graph, inputs, outputs = model, model._nested_inputs, model._nested_outputs
    else:
        graph = model._functional if isinstance(model, keras.Sequential) else model
        inputs, outputs = graph._inputs_struct, graph._outputs_struct
    nodes = []
    for depth in sorted(graph._nodes_by_depth, reverse=True):
        for node in graph._nodes_by_depth[depth]:
            if not node.is_input:
                nodes.append(_node(node))
    return Network(inputs, nodes, outputs)


def _node(node: Any) -> Node:
    if LEGACY:
        layer, args, kwargs = node.layer, tuple(node.call_args), dict(node.call_kwargs)
    else:
        layer, args, kwargs = node.operation, tuple(node.arguments.args), dict(node.arguments.kwargs)
    return Node(layer, args, kwargs, tf.nest.flatten(node.outputs), id(node))


def check(model: Any) -> None:
    """Raise ModelError unless the model is built and functional or sequential."""
    if not isinstance(model, keras.Model):
        raise ModelError(f"channel graph: expected a {keras.__name__} model, got {type(model).__name__}")
    if is_network(model):
        return
    if not model.built or isinstance(model, keras.Sequential):
        raise ModelError(f"channel graph: model {model.name!r} is not built; call it once or give it an input shape")
    raise ModelError(
        f"channel graph: model {model.name!r} is a subclassed {type(model).__name__}, whose layers cannot be followed "
        "from one to the next; build it with keras.Model(inputs, outputs)"
    )


def is_tensor(value: Any) -> bool:
    """Whether the value is a symbolic Keras tensor."""
    return hasattr(value, "_keras_history")


def tensors(structure: Any) -> list[Any]:
    """The Keras tensors in nested lists, tuples and dicts, in order."""
    return [value for value in tf.nest.flatten(structure) if is_tensor(value)]


def swap(structure: Any, new: Callable[[Any], Any]) -> Any:
    """The same nesting with every Keras tensor replaced."""
    return tf.nest.map_structure(lambda value: new(value) if is_tensor(value) else value, structure)


def input_layer(tensor: Any) -> Any:
    """The layer that made a model's input."""
    return tensor._keras_history.layer if LEGACY else tensor._keras_history.operation


def shape(tensor: Any) -> tuple[int | None, ...]:
    """The shape without the batch."""
    dims = tensor.shape
    return () if dims is None or (LEGACY and dims.rank is None) else tuple(dims)[1:]


def leaves(model: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """The layers of a model and of functional models in it, each once, with their paths."""
    seen: set[int] = set()
    stack = [(path, model)]
    while stack:
        prefix, inner = stack.pop(0)
        for layer in inner.layers:
            if id(layer) in seen:
                continue
            seen.add(id(layer))
            if is_network(layer):
                stack.insert(0, (f"{prefix}{layer.name}/", layer))
            else:
                yield f"{prefix}{layer.name}", layer
