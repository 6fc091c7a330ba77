"""Layers that work on every element alone: activations, dropout, noise, rescaling."""

from __future__ import annotations

from tfcaps._keras import keras
from tfcaps.pruning.graph.labels import Labels, Obstacle
from tfcaps.pruning.graph.rule import Call, Rule, rule_for
from tfcaps.pruning.graph.rules.activation import activation

layers = keras.layers


@rule_for(
    layers.ActivityRegularization,
    layers.AlphaDropout,
    layers.Dropout,
    layers.ELU,
    layers.GaussianDropout,
    layers.GaussianNoise,
    layers.Identity,
    layers.LeakyReLU,
    layers.ReLU,
    layers.SpatialDropout1D,
    layers.SpatialDropout2D,
    layers.SpatialDropout3D,
    getattr(layers, "ThresholdedReLU", None),
)
class ElementwiseRule(Rule):
    """The channels of the input."""

    def trace(self, call: Call) -> Labels:
        """See `Rule.trace`."""
        return call.output(call.inputs[0].array)


@rule_for(layers.Activation)
class ActivationRule(ElementwiseRule):
    """An activation by name."""

    def trace(self, call: Call) -> Labels:
        """See `Rule.trace`."""
        reason = activation(call.layer)
        if reason is not None:
            raise Obstacle(reason)
        return super().trace(call)


@rule_for(layers.Rescaling)
class RescalingRule(ElementwiseRule):
    """One scale and one offset; a list of them would have to be cut too."""

    def trace(self, call: Call) -> Labels:
        """See `Rule.trace`."""
        if not all(isinstance(number, (int, float)) for number in (call.layer.scale, call.layer.offset)):
            raise Obstacle("it has a scale or offset for each channel")
        return super().trace(call)


@rule_for(layers.PReLU)
class PReLURule(ElementwiseRule):
    """Slopes alpha of the input's shape, with length 1 on shared axes."""

    def trace(self, call: Call) -> Labels:
        """See `Rule.trace`."""
        labels = call.inputs[0]
        for axis in labels.varying:
            if call.layer.alpha.shape[axis] == labels.shape[axis]:
                call.weight("alpha", axis, labels.along(axis), "both")
        return super().trace(call)


@rule_for(layers.Softmax, getattr(layers, "Masking", None))
class SoftmaxRule(ElementwiseRule):
    """Sums over an axis, which must not be that of the channels."""

    def trace(self, call: Call) -> Labels:
        """See `Rule.trace`."""
        axes = getattr(call.layer, "axis", -1)
        rank = len(call.inputs[0].shape)
        for axis in axes if isinstance(axes, (list, tuple)) else [axes]:
            if (axis if axis < 0 else axis - 1) % rank in call.inputs[0].varying:
                raise Obstacle("it mixes channels")
        return super().trace(call)
