"""Flatten, reshape and permute: the same elements elsewhere."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tfcaps._keras import keras
from tfcaps.pruning.graph.labels import Labels, Obstacle, Shape
from tfcaps.pruning.graph.rule import Call, Cut, Rule, rule_for

layers = keras.layers


def reshape(call: Call, labels: Labels) -> Labels:
    """The same elements in the result's shape.

    Raises:
        Obstacle: If a size is open.
    """
    shape = call.output_shapes[0]
    if shape == labels.shape:
        return labels
    if None in shape:
        raise Obstacle("its result has an open size")
    full = labels.full()
    if full.size != math.prod(size or 0 for size in shape):
        raise Obstacle("it moves elements between the examples of a batch")
    return labels.with_array(shape, full.reshape(tuple(size or 0 for size in shape)))


def transpose(labels: Labels, order: Any) -> Labels:
    """Axes in another order; `order` counts them without the batch from 0."""
    shape: Shape = tuple(labels.shape[axis] for axis in order)
    return labels.with_array(shape, np.transpose(labels.array, order))


@rule_for(layers.Flatten)
class FlattenRule(Rule):
    """Every position becomes a channel of its own; those of one channel go together."""

    def trace(self, call: Call) -> Labels:
        """See `Rule.trace`."""
        if call.layer.data_format == "channels_first" and len(call.inputs[0].shape) > 1:
            labels = call.inputs[0]
            axes = [*range(1, len(labels.shape)), 0]
            return reshape(call, transpose(labels, axes))
        return reshape(call, call.inputs[0])


@rule_for(layers.Reshape)
class ReshapeRule(Rule):
    """Another shape of an example."""

    def trace(self, call: Call) -> Labels:
        """See `Rule.trace`."""
        return reshape(call, call.inputs[0])

    def config(self, call: Call, cut: Cut) -> dict[str, Any]:
        """The shape that is left."""
        after = cut.shape(call.outputs[0])
        return {} if after == call.outputs[0].shape else {"target_shape": after}


@rule_for(layers.Permute)
class PermuteRule(Rule):
    """Axes in another order."""

    def trace(self, call: Call) -> Labels:
        """See `Rule.trace`."""
        return transpose(call.inputs[0], [axis - 1 for axis in call.layer.dims])
