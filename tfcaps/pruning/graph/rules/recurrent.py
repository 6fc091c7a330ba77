"""Recurrent layers over sequences: units go, with their columns in all gates and their rows in the recurrent kernel."""

from __future__ import annotations

from typing import Any

import numpy as np

from tfcaps._keras import keras
from tfcaps.pruning.graph.labels import Array, Labels, Obstacle
from tfcaps.pruning.graph.rule import Call, Cut, Rule, rule_for
from tfcaps.pruning.graph.rules.activation import activation

layers = keras.layers

# The gates that lie side by side in the kernels, each of as many columns as there are units.
_GATES = {layers.SimpleRNN: 1, layers.GRU: 3, layers.LSTM: 4}


def _check(call: Call, layer: Any) -> None:
    """That the layer is one sequence in and its outputs out, and works unit by unit but for its kernels."""
    mask = call.of(call.arguments().get("mask"))
    if len(call.inputs) > 1 + (mask is not None):
        raise Obstacle("it is given an initial state")
    if mask is not None:
        call.freeze(mask, f"{type(call.layer).__name__} {call.layer.name!r} reads it as a mask")
    if layer.stateful or getattr(layer, "time_major", False):
        raise Obstacle("it is stateful or has time in front of the batch")
    for name in ("activation", "recurrent_activation"):
        function = getattr(layer.cell, name, None)
        reason = None if function is None else activation(_Activation(function))
        if reason is not None:
            raise Obstacle(reason)


class _Activation:
    """A function where `activation` looks for one."""

    def __init__(self, function: Any) -> None:
        self.activation = function


def _weights(call: Call, layer: Any, prefix: str, made: Array) -> None:
    """The kernels and the bias of one direction; the bias of a GRU may have two rows."""
    gates = np.tile(made, next(count for kind, count in _GATES.items() if isinstance(layer, kind)))
    call.weight(f"{prefix}cell.kernel", 1, gates, "out")
    call.weight(f"{prefix}cell.kernel", 0, call.inputs[0].along(-1), "in")
    call.weight(f"{prefix}cell.recurrent_kernel", 1, gates, "out")
    call.weight(f"{prefix}cell.recurrent_kernel", 0, made, "in")
    if layer.cell.use_bias:
        call.weight(f"{prefix}cell.bias", -1, gates, "out")


def _results(call: Call, made: Array) -> list[Labels]:
    """The outputs of every step or of the last, and the states that come with them, all with the units last."""
    found = []
    for index, shape in enumerate(call.output_shapes):
        found.append(call.output(made.reshape([1] * (len(shape) - 1) + [-1]), index=index))
    return found


@rule_for(*_GATES)
class RecurrentRule(Rule):
    """Kernels [C, gates * units] and [units, gates * units]."""

    def trace(self, call: Call) -> list[Labels]:
        """See `Rule.trace`."""
        _check(call, call.layer)
        made = call.makes(call.layer.units)
        _weights(call, call.layer, "", made)
        return _results(call, made)

    def config(self, call: Call, cut: Cut) -> dict[str, Any]:
        """Fewer units."""
        return {"units": cut.shape(call.outputs[0])[-1]}


@rule_for(layers.Bidirectional)
class BidirectionalRule(Rule):
    """The same units of both directions go, whether their outputs are joined, added, multiplied or averaged."""

    def trace(self, call: Call) -> list[Labels]:
        """See `Rule.trace`."""
        both = call.layer.forward_layer, call.layer.backward_layer
        if any(type(layer) is not type(both[0]) or type(layer) not in _GATES for layer in both):
            raise Obstacle("its layers are not two of SimpleRNN, GRU and LSTM")
        if call.layer.merge_mode is None or both[0].return_state or both[0].units != both[1].units:
            raise Obstacle("its directions are not of one size and merged")
        made = call.makes(both[0].units)
        for layer, prefix in zip(both, ("forward_layer.", "backward_layer."), strict=True):
            _check(call, layer)
            _weights(call, layer, prefix, made)
        return _results(call, np.tile(made, 2) if call.layer.merge_mode == "concat" else made)

    def config(self, call: Call, cut: Cut) -> dict[str, Any]:
        """Fewer units in both layers."""
        kept = int(cut.kept(call.makes(call.layer.forward_layer.units)).sum())
        config = call.layer.get_config()
        found = {}
        for name in ("layer", "backward_layer"):
            if config.get(name) is not None:
                found[name] = {**config[name], "config": {**config[name]["config"], "units": kept}}
                found[name].pop("build_config", None)  # the shape of its input before the cut
        return found
