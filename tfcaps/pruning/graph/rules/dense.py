"""Dense layers, on vectors or on the channels of images."""

from __future__ import annotations

from typing import Any

from tfcaps._keras import keras
from tfcaps.pruning.graph.labels import Labels
from tfcaps.pruning.graph.rule import Call, Cut, Rule, rule_for
from tfcaps.pruning.graph.rules.activation import activate


@rule_for(keras.layers.Dense)
class DenseRule(Rule):
    """Kernel [inputs, units]."""

    def trace(self, call: Call) -> Labels:
        """See `Rule.trace`."""
        made = call.makes(call.layer.units)
        call.weight("kernel", 1, made, "out")
        call.weight("kernel", 0, call.inputs[0].along(-1), "in")
        if call.layer.use_bias:
            call.weight("bias", 0, made, "out")
        return activate(call, call.on_axis(made))

    def config(self, call: Call, cut: Cut) -> dict[str, Any]:
        """Fewer units."""
        return {"units": cut.shape(call.outputs[0])[-1]}
