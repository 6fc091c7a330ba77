"""Depthwise convolutions, which keep each channel to itself, and separable ones, which mix them afterwards."""

from __future__ import annotations

from typing import Any

import numpy as np

from tfcaps._keras import keras
from tfcaps.pruning.graph.labels import Labels
from tfcaps.pruning.graph.rule import Call, Cut, Rule, rule_for
from tfcaps.pruning.graph.rules.activation import activate
from tfcaps.pruning.graph.rules.conv import channel_axis, finish

layers = keras.layers


@rule_for(layers.DepthwiseConv1D, layers.DepthwiseConv2D)
class DepthwiseConvRule(Rule):
    """Kernel [..., C, multiplier]; the `multiplier` channels made from one go with it."""

    def trace(self, call: Call) -> Labels:
        """See `Rule.trace`."""
        read = call.inputs[0].along(channel_axis(call.layer))
        made = np.repeat(read, call.layer.depth_multiplier)
        call.weight("depthwise_kernel", -2, read, "both")
        if call.layer.use_bias:
            call.weight("bias", 0, made, "both")
        return activate(call, call.on_axis(made, channel_axis(call.layer)))


@rule_for(layers.SeparableConv1D, layers.SeparableConv2D)
class SeparableConvRule(Rule):
    """Depthwise kernel [..., C, multiplier], pointwise kernel [..., C * multiplier, C_out]."""

    def trace(self, call: Call) -> Labels:
        """See `Rule.trace`."""
        layer = call.layer
        read = call.inputs[0].along(channel_axis(layer))
        made = call.makes(layer.filters)
        call.weight("pointwise_kernel", -1, made, "out")
        call.weight("depthwise_kernel", -2, read, "both")
        call.weight("pointwise_kernel", -2, np.repeat(read, layer.depth_multiplier), "in")
        return finish(call, made)

    def config(self, call: Call, cut: Cut) -> dict[str, Any]:
        """Fewer filters."""
        return {"filters": cut.shape(call.outputs[0])[channel_axis(call.layer)]}
