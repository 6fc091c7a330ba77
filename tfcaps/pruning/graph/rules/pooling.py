"""Layers that move or sum positions of an image and leave its channels alone."""

from __future__ import annotations

import numpy as np

from tfcaps._keras import keras
from tfcaps.pruning.graph.labels import Labels, Obstacle
from tfcaps.pruning.graph.rule import Call, Rule, rule_for

layers = keras.layers


def _all(*names: str) -> list[type | None]:
    return [getattr(layers, f"{name}{rank}D", None) for name in names for rank in (1, 2, 3)]


@rule_for(*_all("AveragePooling", "Cropping", "MaxPooling", "UpSampling", "ZeroPadding"), layers.Resizing)
class SpatialRule(Rule):
    """Another size, the same channels."""

    def trace(self, call: Call) -> Labels:
        """See `Rule.trace`."""
        axis = 0 if getattr(call.layer, "data_format", None) == "channels_first" else -1
        return call.on_axis(call.inputs[0].along(axis), axis)


@rule_for(*_all("GlobalAveragePooling", "GlobalMaxPooling"))
class GlobalPoolingRule(Rule):
    """One value a channel, with or without axes of length 1 beside it."""

    def trace(self, call: Call) -> Labels:
        """See `Rule.trace`."""
        axis = 0 if call.layer.data_format == "channels_first" else -1
        return call.on_axis(call.inputs[0].along(axis), axis if call.layer.keepdims else 0)


@rule_for(layers.RepeatVector)
class RepeatVectorRule(Rule):
    """A vector [C] as [n, C]."""

    def trace(self, call: Call) -> Labels:
        """See `Rule.trace`."""
        return call.on_axis(call.inputs[0].along(-1))


def reduce(call: Call, labels: Labels, axes: object, keepdims: bool) -> Labels:
    """A sum, mean or extremum over axes counted with the batch.

    Raises:
        Obstacle: If it goes over the batch or over channels.
    """
    rank = len(labels.shape)
    if axes is None:
        raise Obstacle("it reduces all axes")
    chosen = {int(a) % (rank + 1) - 1 for a in np.ravel(np.asarray(axes))}
    if -1 in chosen:
        raise Obstacle("it reduces the batch")
    if chosen & set(labels.varying):
        raise Obstacle("it mixes channels")
    array = labels.array
    for axis in chosen:
        array = array.take([0], axis=axis)
    return call.output(array if keepdims else array.squeeze(axis=tuple(chosen)))
