"""Normalisations: statistics of each channel, of groups of channels, or of all."""

from __future__ import annotations

from typing import Any

from tfcaps._keras import keras
from tfcaps.pruning.graph.labels import Labels, Obstacle
from tfcaps.pruning.graph.rule import Call, Cut, Rule, rule_for

layers = keras.layers


def _axis(layer: Any, rank: int) -> int:
    """The one axis that is normalised over none of, without the batch."""
    axes = layer.axis if isinstance(layer.axis, (list, tuple)) else [layer.axis]
    if len(axes) != 1:
        raise Obstacle(f"it normalises along axes {tuple(axes)}")
    return axes[0] % (rank + 1) - 1


def _hold(call: Call, labels: Any, *names: str) -> None:
    for name in names:
        if getattr(call.layer, name, None) is not None:
            call.weight(name, 0, labels, "both")


@rule_for(layers.BatchNormalization)
class BatchNormalizationRule(Rule):
    """Statistics, scale and offset of each channel."""

    def trace(self, call: Call) -> Labels:
        """See `Rule.trace`."""
        if getattr(call.layer, "renorm", False):
            raise Obstacle("renormalisation is not supported")
        labels = call.inputs[0].along(_axis(call.layer, len(call.inputs[0].shape)))
        _hold(call, labels, "gamma", "beta", "moving_mean", "moving_variance")
        return call.output(call.inputs[0].array)


@rule_for(layers.GroupNormalization)
class GroupNormalizationRule(Rule):
    """Statistics of groups of neighbouring channels: whole groups go."""

    def trace(self, call: Call) -> Labels:
        """See `Rule.trace`."""
        labels = call.inputs[0].along(_axis(call.layer, len(call.inputs[0].shape)))
        groups = len(labels) if call.layer.groups == -1 else call.layer.groups
        rows = labels.reshape(groups, -1)
        call.merge(rows, rows[:, :1])
        _hold(call, labels, "gamma", "beta")
        return call.output(call.inputs[0].array)

    def config(self, call: Call, cut: Cut) -> dict[str, Any]:
        """Fewer groups."""
        axis = _axis(call.layer, len(call.inputs[0].shape))
        before, after = call.inputs[0].size(axis), cut.shape(call.inputs[0])[axis]
        if call.layer.groups == -1 or after is None:
            return {}
        return {"groups": call.layer.groups * after // before}


@rule_for(layers.LayerNormalization, layers.UnitNormalization, getattr(layers, "RMSNormalization", None))
class LayerNormalizationRule(Rule):
    """Statistics of all channels of an example."""

    def trace(self, call: Call) -> Labels:
        """See `Rule.trace`."""
        raise Obstacle("its statistics mix channels")
