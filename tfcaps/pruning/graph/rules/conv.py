"""Convolutions: the kernel reads the channels of its input and makes new ones."""

from __future__ import annotations

from typing import Any

import numpy as np

from tfcaps._keras import keras
from tfcaps.pruning.graph.labels import Array, Labels
from tfcaps.pruning.graph.rule import Call, Cut, Rule, rule_for
from tfcaps.pruning.graph.rules.activation import activate

layers = keras.layers


def channel_axis(layer: Any) -> int:
    """The channels' axis without the batch."""
    return 0 if layer.data_format == "channels_first" else -1


def finish(call: Call, made: Array) -> Labels:
    """The bias, and the activation."""
    if call.layer.use_bias:
        call.weight("bias", 0, made, "out")
    return activate(call, call.on_axis(made, channel_axis(call.layer)))


@rule_for(layers.Conv1D, layers.Conv2D, layers.Conv3D)
class ConvRule(Rule):
    """Kernel [..., C_in / groups, C_out].

    With groups every group loses the same channels, or, if each reads one channel only, whole groups go.
    """

    def trace(self, call: Call) -> Labels:
        """See `Rule.trace`."""
        layer, groups = call.layer, call.layer.groups
        read = call.inputs[0].along(channel_axis(layer))
        if groups == len(read) > 1:
            made = np.repeat(read, layer.filters // groups)
            call.weight("kernel", -1, made, "both")
        else:
            made = call.makes(layer.filters)
            if groups > 1:
                call.merge(read.reshape(groups, -1), read.reshape(groups, -1)[:1])
                call.merge(made.reshape(groups, -1), made.reshape(groups, -1)[:1])
            call.weight("kernel", -1, made, "out")
            call.weight("kernel", -2, read[: len(read) // groups], "in")
        return finish(call, made)

    def config(self, call: Call, cut: Cut) -> dict[str, Any]:
        """Fewer filters, and fewer groups of one channel."""
        axis = channel_axis(call.layer)
        changes = {"filters": cut.shape(call.outputs[0])[axis]}
        if call.layer.groups == call.inputs[0].shape[axis]:
            changes["groups"] = cut.shape(call.inputs[0])[axis]
        return changes


@rule_for(layers.Conv1DTranspose, layers.Conv2DTranspose, layers.Conv3DTranspose)
class ConvTransposeRule(Rule):
    """Kernel [..., C_out, C_in]."""

    def trace(self, call: Call) -> Labels:
        """See `Rule.trace`."""
        made = call.makes(call.layer.filters)
        call.weight("kernel", -2, made, "out")
        call.weight("kernel", -1, call.inputs[0].along(channel_axis(call.layer)), "in")
        return finish(call, made)

    def config(self, call: Call, cut: Cut) -> dict[str, Any]:
        """Fewer filters."""
        return {"filters": cut.shape(call.outputs[0])[channel_axis(call.layer)]}
