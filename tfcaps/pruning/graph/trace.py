"""Follow labels through a model, again and again until nothing more has to be cut together."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Any

import numpy as np

from tfcaps.errors import ModelError
from tfcaps.pruning.graph import walk
from tfcaps.pruning.graph.labels import Array, Labels, LabelSets, Obstacle
from tfcaps.pruning.graph.rule import Call, Rule, describe, find_rule


class OpaqueRule(Rule):
    """For layers nobody knows: nothing before them is cut, and what comes out of them is one frozen label."""

    def __init__(self, reason: str) -> None:
        self.reason = reason

    def trace(self, call: Call) -> list[Labels]:
        """Freeze."""
        for labels in call.inputs:
            call.freeze(labels, self.reason)
        results = []
        for index, shape in enumerate(call.output_shapes):
            made = call.makes(1, f"opaque {index}")
            call.freeze(made, self.reason)
            results.append(call.output(made.reshape((1,) * len(shape)), index=index))
        return results


@dataclass
class WeightLabels:
    """The labels along one axis of a layer's weight."""

    layer: Any
    path: str
    weight: str
    axis: int
    labels: Array
    role: str
    silent: bool


class Trace:
    """All that is known of a model after labels have travelled through it.

    Attributes:
        sets: The labels.
        weights: By layer, weight and axis, in the order of the network.
        calls: By functional model and node, as of the model's first call. Models, layers and nodes are told by `id`.
        rules: By layer.
        tensors: Labels of the results of all calls.
        inputs: Labels of the inputs by functional model, as of its first call.
    """

    def __init__(self, model: Any) -> None:
        self.model = model
        self.sets = LabelSets()
        merges = -1
        while merges != self.sets.merges:
            merges = self.sets.merges
            self._travel()

    def _travel(self) -> None:
        self.sets.thaw()
        self.weights: dict[tuple[int, str, int], WeightLabels] = {}
        self.calls: dict[tuple[int, int], Call] = {}
        self.rules: dict[int, Rule] = {}
        self.tensors: list[Labels] = []
        self.inputs: dict[int, list[Labels]] = {}
        self._all_calls: list[Call] = []
        self._first: dict[int, list[Labels]] = {}
        inputs = []
        for number, tensor in enumerate(walk.tensors(walk.network(self.model).inputs)):
            shape = walk.shape(tensor)
            inputs.append(Labels(shape, self.sets.new(("input", number), 1).reshape((1,) * len(shape))))
            self.sets.freeze(inputs[-1].array, "model input")
        outputs = self._model(self.model, inputs, "")
        self._freeze_opaque()
        for labels in self.tensors:
            self._keep_rectangular(labels)
        for labels in outputs:
            self.sets.freeze(labels.array, "model output", instead=True)

    def _model(self, model: Any, inputs: list[Labels], prefix: str) -> list[Labels]:
        """The labels of the outputs of one call of a functional model."""
        network = walk.network(model)
        first = id(model) not in self.inputs
        if first:
            self.inputs[id(model)] = inputs
        for mine, other in zip(inputs, self.inputs[id(model)], strict=True):
            self.sets.merge(mine.array, other.array)
        tensors = walk.tensors(network.inputs)
        labels = {id(tensor): given for tensor, given in zip(tensors, inputs, strict=True)}
        for node in network.nodes:
            call = Call(self, node, prefix + node.layer.name, labels)
            results = self._call(call)
            self.tensors += results
            labels.update({id(tensor): result for tensor, result in zip(node.outputs, results, strict=True)})
            if first:
                self.calls[id(model), node.key] = call
        return [labels[id(tensor)] for tensor in walk.tensors(network.outputs)]

    def _call(self, call: Call) -> list[Labels]:
        layer = call.layer
        call.inputs = [self.sets.canonical(labels) for labels in call.inputs]
        if walk.is_network(layer) and self._fits(call):
            call.outputs = self._model(layer, call.inputs, f"{call.path}/")
            return call.outputs
        rule = find_rule(layer) or OpaqueRule(f"{describe(layer)} cannot be seen through")
        if any(labels.is_size for labels in call.inputs) and not rule.reads_sizes:
            rule = OpaqueRule(f"{describe(layer)} computes with the size of a tensor")
        try:
            results = rule.trace(call)
        except Obstacle as obstacle:
            rule = OpaqueRule(f"{describe(layer)}: {obstacle}")
            results = rule.trace(call)
        results = [self.sets.canonical(labels) for labels in (results if isinstance(results, list) else [results])]
        before = self._first.setdefault(id(layer), results)
        if rule.resizes:
            for mine, other in zip(results, before, strict=True):
                self._agree(mine, other, f"{describe(layer)} is called on tensors of different shapes")
        if not isinstance(self.rules.get(id(layer)), OpaqueRule):
            self.rules[id(layer)] = rule
        self._all_calls.append(call)
        call.outputs = results
        return results

    def _freeze_opaque(self) -> None:
        """A layer that one of its calls cannot be seen through keeps its size, for all of its calls."""
        for call in self._all_calls:
            rule = self.rules[id(call.layer)]
            if isinstance(rule, OpaqueRule):
                for labels in [*call.inputs, *call.outputs]:
                    self.sets.freeze(labels.array, rule.reason)
        for (layer, _, _), weight in self.weights.items():
            rule = self.rules[layer]
            if isinstance(rule, OpaqueRule):
                self.sets.freeze(weight.labels, rule.reason)

    def _agree(self, a: Labels, b: Labels, otherwise: str) -> None:
        if a.shape == b.shape:
            self.sets.merge(a.array, b.array)
        else:
            self.sets.freeze(a.array, otherwise)
            self.sets.freeze(b.array, otherwise)

    def _fits(self, call: Call) -> bool:
        """Whether the nested model is called on as many tensors as it has inputs, and on nothing else."""
        return len(call.inputs) == len(walk.tensors(walk.network(call.layer).inputs))

    def _keep_rectangular(self, labels: Labels) -> None:
        """If labels differ along several axes, merge them along all but the last of these.

        What is left of a tensor after a cut must be a tensor; only whole slices along one axis can go.
        """
        labels = self.sets.canonical(labels)
        for axis in labels.varying[:-1]:
            self.sets.merge(labels.array, labels.array.take([0], axis=axis))

    def add_weight(self, call: Call, name: str, axis: int, labels: Array, role: str, silent: bool) -> None:
        """See `Call.weight`."""
        value = variable(call.layer, name)
        if not any(value is own for own in call.layer.weights):
            raise Obstacle(f"its {name} is not one of its own weights")
        axis %= len(value.shape)
        if len(labels) != value.shape[axis]:
            raise ModelError(
                f"channel graph: {describe(call.layer)} has {name} of shape {tuple(value.shape)}, but its rule gives "
                f"{len(labels)} labels for axis {axis}"
            )
        key = (id(call.layer), name, axis)
        if key in self.weights:
            self.sets.merge(self.weights[key].labels, labels)
        else:
            self.weights[key] = WeightLabels(call.layer, call.path, name, axis, np.array(labels), role, silent)


def variable(layer: Any, weight: str) -> Any:
    """A layer's variable, or that of a layer in it: "kernel", "cell.kernel".

    What tf_keras calls depthwise_kernel is the kernel in Keras 3.
    """
    *inner, weight = weight.split(".")
    layer = functools.reduce(getattr, inner, layer)
    return getattr(layer, weight) if hasattr(layer, weight) else layer.kernel
