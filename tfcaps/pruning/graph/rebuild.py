"""Build a model again, layer by layer from configs, with what a cut leaves of its weights."""

from __future__ import annotations

from typing import Any

import numpy as np

from tfcaps._keras import LEGACY, keras
from tfcaps.errors import ModelError
from tfcaps.pruning.graph import walk
from tfcaps.pruning.graph.channel_graph import LabelCut
from tfcaps.pruning.graph.rule import Call, describe
from tfcaps.pruning.graph.trace import Trace, WeightLabels, variable


def rebuild(trace: Trace, cut: LabelCut, *, masked: bool = False) -> Any:
    """A new model; names, nesting, trainable flags, dtype policies, constraints and regularisers stay.

    Args:
        trace: Of the model.
        cut: What goes.
        masked: Keep the sizes, and make the weights zero that read what goes.
    """
    return _Builder(trace, cut, masked).run()


class _Builder:
    def __init__(self, trace: Trace, cut: LabelCut, masked: bool) -> None:
        self.trace, self.masked = trace, masked
        self.goes, self.cut = cut, LabelCut(trace, []) if masked else cut
        self.new: dict[int, Any] = {}
        self.models: list[Any] = []
        self.leaves: list[Any] = []

    def run(self) -> Any:
        model = self._model(self.trace.model)
        # A model's flag goes to all layers in it, so that the inner ones come last.
        for old in [*reversed(self.models), *self.leaves]:
            if self.new[id(old)].trainable != old.trainable:
                self.new[id(old)].trainable = old.trainable
        by_layer: dict[int, list[WeightLabels]] = {}
        for weight in self.trace.weights.values():
            by_layer.setdefault(id(weight.layer), []).append(weight)
        for old in self.leaves:
            if old.weights:
                self.new[id(old)].set_weights(self._weights(old, by_layer.get(id(old), [])))
        return model

    def _model(self, model: Any) -> Any:
        network = walk.network(model)
        tensors: dict[int, Any] = {}
        sources = []
        for tensor, labels in zip(walk.tensors(network.inputs), self.trace.inputs[id(model)], strict=True):
            source = self._input(walk.input_layer(tensor), self.cut.shape(labels))
            sources.append(source)
            tensors[id(tensor)] = source.output
        calls = [self.trace.calls[id(model), node.key] for node in network.nodes]
        layers = [self._layer(call) for call in calls]
        if isinstance(model, keras.Sequential):
            new = _construct(model, [*sources, *layers])
        else:
            for node, call, layer in zip(network.nodes, calls, layers, strict=True):
                args, kwargs = self._arguments(call)
                swapped = walk.swap((args, kwargs), lambda tensor: tensors[id(tensor)])
                results = walk.tensors(layer(*swapped[0], **swapped[1]))
                tensors.update({id(old): result for old, result in zip(node.outputs, results, strict=True)})
            ends = [walk.swap(end, lambda tensor: tensors[id(tensor)]) for end in (network.inputs, network.outputs)]
            new = _construct(model, *ends)
        self.new[id(model)] = new
        self.models.append(model)
        return new

    def _arguments(self, call: Call) -> Any:
        rule = self.trace.rules.get(id(call.layer))
        return (call.args, call.kwargs) if rule is None else rule.arguments(call, self.cut)

    def _layer(self, call: Call) -> Any:
        layer = call.layer
        if id(layer) not in self.new:
            if id(layer) in self.trace.inputs:
                return self._model(layer)
            changes = self.trace.rules[id(layer)].config(call, self.cut)
            self.new[id(layer)] = _from_config(layer, changes)
            if isinstance(layer, keras.layers.Layer):
                self.leaves.append(layer)
        return self.new[id(layer)]

    def _input(self, layer: Any, shape: tuple[int | None, ...]) -> Any:
        if id(layer) not in self.new:
            name = "batch_input_shape" if LEGACY else "batch_shape"
            config = layer.get_config()
            self.new[id(layer)] = type(layer).from_config({**config, name: (config[name][0], *shape)})
        return self.new[id(layer)]

    def _weights(self, layer: Any, labels: list[WeightLabels]) -> list[np.ndarray]:
        values = [np.asarray(value) for value in layer.weights]
        index = {id(value): i for i, value in enumerate(layer.weights)}
        for weight in labels:
            at = index[id(variable(layer, weight.weight))]
            kept = self.goes.kept(weight.labels)
            if not self.masked:
                values[at] = np.compress(kept, values[at], axis=weight.axis)
            elif weight.role == "in" or weight.silent:
                shape = [-1 if axis == weight.axis else 1 for axis in range(values[at].ndim)]
                values[at] = np.where(kept.reshape(shape), values[at], np.zeros((), values[at].dtype))
        return values


def _from_config(layer: Any, changes: dict[str, Any]) -> Any:
    kind = type(layer)
    try:
        if isinstance(layer, keras.layers.Lambda):
            return _lambda(layer)
        return kind.from_config({**layer.get_config(), **changes})
    except Exception as error:
        if not changes and not isinstance(layer, keras.layers.Layer):
            return layer  # a Keras 3 operation without a config holds no state and may be called again
        raise ModelError(f"{describe(layer)} cannot be built again from its config: {error}") from error


def _lambda(layer: Any) -> Any:
    """The function itself, not its code, goes over."""
    config = {k: v for k, v in layer.get_config().items() if k in ("name", "trainable", "dtype", "arguments")}
    return type(layer)(layer.function, output_shape=layer._output_shape, mask=layer.mask, **config)


def _construct(model: Any, *args: Any) -> Any:
    """A model of the same class."""
    try:
        return type(model)(*args, name=model.name)
    except TypeError as error:
        raise ModelError(f"{describe(model)} cannot be built again from inputs and outputs: {error}") from error
