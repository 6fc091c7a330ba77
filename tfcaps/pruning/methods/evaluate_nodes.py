"""Compute a model node by node, with something else in the place of its layers if wanted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import tensorflow as tf

from tfcaps.pruning.graph import walk

Apply = Callable[[Any], Callable[..., Any]]
"""From a layer (or an operation of Keras 3) to the function that takes its place."""


@dataclass(frozen=True)
class Record:
    """One call of one layer: the tensors that went in, copies made for it alone, and those that came out."""

    layer: Any
    inputs: list[Any]
    outputs: list[Any]


def evaluate(model: Any, inputs: Any, apply: Apply = lambda layer: layer) -> list[Record]:
    """Call every layer of a functional or sequential model and of those nested in it.

    Args:
        model: The model.
        inputs: A tensor, or one for each input.
        apply: What takes the place of a layer; by default the layer itself.

    Returns:
        All calls, in an order in which each comes after those whose results it reads.
    """
    records: list[Record] = []
    _run(model, tf.nest.flatten(inputs), apply, records)
    return records


def _run(model: Any, inputs: list[Any], apply: Apply, records: list[Record]) -> list[Any]:
    network = walk.network(model)
    values = {id(tensor): value for tensor, value in zip(walk.tensors(network.inputs), inputs, strict=True)}
    for node in network.nodes:
        # A copy for each reader, so that a gradient with respect to it is that through this reader alone.
        given = [tf.identity(values[id(tensor)]) for tensor in walk.tensors((node.args, node.kwargs))]
        args, kwargs = walk.swap((node.args, node.kwargs), _one_by_one(given))
        if walk.is_network(node.layer):
            outputs = _run(node.layer, given, apply, records)
        else:
            outputs = tf.nest.flatten(apply(node.layer)(*args, **kwargs))
            records.append(Record(node.layer, given, outputs))
        values.update({id(tensor): value for tensor, value in zip(node.outputs, outputs, strict=True)})
    return [values[id(tensor)] for tensor in walk.tensors(network.outputs)]


def _one_by_one(values: list[Any]) -> Callable[[Any], Any]:
    """A function that returns the next of the values each time, whatever it is called with."""
    following = iter(values)
    return lambda _: next(following)
