"""Raw functions between layers that work element by element or reduce axes: tf.nn.relu, a + b, keras.ops.mean."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from tfcaps.pruning.graph import walk
from tfcaps.pruning.graph.labels import Labels, Obstacle
from tfcaps.pruning.graph.rule import Call, OperationRule, rule_for_operations
from tfcaps.pruning.graph.rules.merge import combine
from tfcaps.pruning.graph.rules.pooling import reduce


def check_constants(call: Call, labels: Labels) -> None:
    """Arrays among the arguments must not hold a number for each channel: they would have to be cut too.

    Raises:
        Obstacle: If one does.
    """
    rank = len(labels.shape) + 1
    # Keras 3 keeps the bounds of a clip with the operation.
    options = [getattr(call.layer, name, None) for name in ("x_min", "x_max")]
    for value in [*call.arguments().values(), *options]:
        if walk.tensors(value):
            continue
        shape = tuple(value.shape) if hasattr(value, "shape") else np.shape(value)
        aligned = (1,) * (rank - len(shape)) + shape
        if len(aligned) > rank or any(aligned[axis + 1] != 1 for axis in labels.varying):
            raise Obstacle("it uses a constant for each channel")


@rule_for_operations(
    tf=(
        *("clip_by_value", "cast", "identity", "stop_gradient", "math.abs", "math.exp", "math.log"),
        *("math.log_sigmoid", "math.negative", "math.rsqrt", "math.sigmoid", "math.softplus", "math.sqrt"),
        *("math.square", "math.tanh", "nn.elu", "nn.gelu", "nn.leaky_relu", "nn.relu", "nn.relu6", "nn.selu"),
        *("nn.silu", "nn.softsign", "nn.dropout"),
    ),
    keras=(
        *("Abs", "Absolute", "Cast", "Celu", "Clip", "Elu", "Exp", "Gelu", "HardShrink", "HardSigmoid", "HardSilu"),
        *("HardTanh", "LeakyRelu", "Log", "LogSigmoid", "Negative", "Relu", "Relu6", "Rsqrt", "Selu", "Sigmoid"),
        *("Silu", "SoftShrink", "Softplus", "Softsign", "SparsePlus", "SparseSigmoid", "Sqrt", "Square", "Squareplus"),
        *("StopGradient", "Tanh", "TanhShrink", "Threshold"),
    ),
)
class UnaryRule(OperationRule):
    """A function of each element."""

    def trace(self, call: Call) -> Labels:
        """See `Rule.trace`."""
        if len(call.inputs) != 1:
            raise Obstacle("its options are tensors of the model")
        check_constants(call, call.inputs[0])
        return call.output(call.inputs[0].array)


@rule_for_operations(
    tf=(
        *("__operators__.add", "math.add", "math.add_n", "math.divide", "math.divide_no_nan", "math.maximum"),
        *("math.minimum", "math.multiply", "math.pow", "math.squared_difference", "math.subtract", "math.truediv"),
    ),
    keras=(*("Add", "Divide", "DivideNoNan", "Maximum", "Minimum", "Multiply", "Power", "Subtract", "TrueDivide"),),
)
class BinaryRule(OperationRule):
    """A function of the elements at the same position of two tensors, or of one and a number."""

    def trace(self, call: Call) -> Labels:
        """See `Rule.trace`."""
        result = combine(call, call.inputs)
        check_constants(call, result)
        return replace(result, zero=False)  # a number may have been added


@rule_for_operations(
    tf=(
        *("math.reduce_max", "math.reduce_mean", "math.reduce_min", "math.reduce_std", "math.reduce_sum"),
        *("math.reduce_variance",),
    ),
    keras=("Amax", "Amin", "Max", "Mean", "Min", "Std", "Sum", "Var"),
)
class ReduceRule(OperationRule):
    """A number for all elements along some axes."""

    def trace(self, call: Call) -> Labels:
        """See `Rule.trace`."""
        return reduce(call, call.inputs[0], call.option("axis"), call.option("keepdims"))


@rule_for_operations(tf=("nn.softmax",), keras=("Softmax",))
class SoftmaxRule(OperationRule):
    """Sums over an axis, which must not be that of the channels."""

    def trace(self, call: Call) -> Labels:
        """See `Rule.trace`."""
        labels, axis = call.inputs[0], call.option("axis")
        if (-1 if axis is None else axis) % (len(labels.shape) + 1) - 1 in labels.varying:
            raise Obstacle("it mixes channels")
        return call.output(labels.array)


def _channels_last(call: Call) -> bool:
    arguments: dict[str, Any] = {**vars(call.layer), **call.arguments()}
    return arguments.get("data_format") in (None, "channels_last") or str(arguments["data_format"]).endswith("C")


@rule_for_operations(
    tf=("image.resize", "nn.avg_pool", "nn.avg_pool2d", "nn.max_pool", "nn.max_pool2d"),
    keras=("AveragePool", "MaxPool", "Resize"),
)
class SpatialOperationRule(OperationRule):
    """Another size of the image, the same channels."""

    def trace(self, call: Call) -> Labels:
        """See `Rule.trace`."""
        if not _channels_last(call) or len(call.output_shapes[0]) != len(call.inputs[0].shape):
            raise Obstacle("its channels are not on the last axis")
        return call.on_axis(call.inputs[0].along(-1))
