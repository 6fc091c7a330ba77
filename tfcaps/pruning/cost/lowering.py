"""From the calls of Keras layers to the operators that the converter makes of them.

Batch normalisation and ReLU behind a convolution become part of it, dropout nothing, a reshape another form of the same
tensor. A layer that is not known here counts as one operator that computes value by value.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from tfcaps.pruning.cost.calls import Call, Calls, Tensor
from tfcaps.pruning.cost.extent import Dims
from tfcaps.pruning.cost.operators import Operator, mark_results
from tfcaps.pruning.graph.trace import variable
from tfcaps.registry import Registry

Axes = Callable[[Any, Any], Dims]
"""The dimensions of a layer's variable."""

_LINEAR = ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED", "TRANSPOSE_CONV")
_TAKES_RELU = (*_LINEAR, "ADD", "SUB", "MUL", "POOL_2D")
_FUSED = ("linear", "relu", "relu6")


class Program:
    """The operators so far.

    Args:
        calls: The model.
        axes: The dimensions of a layer's variable.
    """

    def __init__(self, calls: Calls, axes: Axes) -> None:
        self.axes = axes
        self._readers = Counter(tensor.number for call in calls.calls for tensor in call.inputs)
        self._readers.update(calls.results)
        self._operators: list[Operator] = []
        self._writer: dict[int, int] = {}  # of a tensor: the position of its operator
        # Of a tensor of the model: that of the program, which goes on through layers that become nothing.
        self._tensors = {tensor.number: tensor for tensor in calls.inputs}
        self._next = 0
        for call in calls.calls:
            inputs = [self._tensors[tensor.number] for tensor in call.inputs]
            kind = _kind(call.layer)
            made_of = LOWERINGS[kind] if kind in LOWERINGS else _any_other  # noqa: SIM401  (a registry has no get)
            for mine, made in zip(call.outputs, made_of(self, call, inputs), strict=True):
                # What may become part of what writes it is told by the readers of its newest form.
                self._readers[made.number] = self._readers[mine.number]
                self._tensors[mine.number] = Tensor(made.number, mine.dims)
        self.operators = mark_results(self._operators, [self._tensors[number].number for number in calls.results])

    def add(self, op: str, call: Call, inputs: list[Tensor], dims: Dims, **more: Any) -> Tensor:
        """Append an operator; its output."""
        self._next -= 1
        tensor = Tensor(self._next, dims)
        self._writer[tensor.number] = len(self._operators)
        sources = tuple(t.number for t in inputs), tensor.number, tuple(t.dims for t in inputs)
        self._operators.append(Operator(op, call.name, *sources, dims, **more))
        return tensor

    def writer(self, tensor: Tensor) -> Operator | None:
        """The operator that writes a tensor which nothing else reads."""
        if tensor.number not in self._writer or self._readers[tensor.number] > 1:
            return None
        return self._operators[self._writer[tensor.number]]

    def fuse_activation(self, tensor: Tensor) -> bool:
        """Make a ReLU part of the operator that writes the tensor, if it takes one."""
        found = self.writer(tensor)
        if found is None or found.op not in _TAKES_RELU or found.activated:
            return False
        self._operators[self._writer[tensor.number]] = replace(found, activated=True)
        return True

    def can_fold(self, tensor: Tensor) -> bool:
        """Whether factors and offsets of each channel disappear in the operator that writes the tensor."""
        found = self.writer(tensor)
        return found is not None and found.op in _LINEAR and not found.activated

    def activate(self, call: Call, tensor: Tensor, function: str) -> Tensor:
        """The tensor after a function of one value."""
        if function == "linear" or (function in _FUSED and self.fuse_activation(tensor)):
            return tensor
        if function == "softmax":
            return self.add("SOFTMAX", call, [tensor], tensor.dims)
        after = self.add("LOOKUP", call, [tensor], tensor.dims)
        return self.add("MUL", call, [tensor, after], tensor.dims) if function in ("swish", "silu") else after


Lowering = Callable[[Program, Call, list[Tensor]], list[Tensor]]
LOWERINGS: Registry[Lowering] = Registry("lowering of a layer")


def lower(calls: Calls, axes: Axes) -> tuple[Operator, ...]:
    """The operators of a model.

    Args:
        calls: The model.
        axes: The dimensions of a layer's variable.
    """
    return Program(calls, axes).operators


def _kind(layer: Any) -> str:
    """The class of a layer; of a TensorFlow function its name."""
    name = type(layer).__name__
    return layer.symbol if name in ("TFOpLambda", "SlicingOpLambda") else name


def _activation_of(layer: Any) -> str:
    function = getattr(layer, "activation", None)
    return getattr(function, "__name__", "linear") if function is not None else "linear"


def _pair(value: Any) -> tuple[int, int]:
    return (value, value) if isinstance(value, int) else (value[0], value[-1])


@LOWERINGS.register("Conv2D")
@LOWERINGS.register("Conv1D")
def _convolution(program: Program, call: Call, inputs: list[Tensor]) -> list[Tensor]:
    return [_windowed(program, call, inputs[0], "CONV_2D", program.axes(call.layer, call.layer.kernel))]


@LOWERINGS.register("DepthwiseConv2D")
def _depthwise(program: Program, call: Call, inputs: list[Tensor]) -> list[Tensor]:
    kernel = program.axes(call.layer, variable(call.layer, "depthwise_kernel"))
    return [_windowed(program, call, inputs[0], "DEPTHWISE_CONV_2D", kernel)]


@LOWERINGS.register("SeparableConv2D")
def _separable(program: Program, call: Call, inputs: list[Tensor]) -> list[Tensor]:
    layer = call.layer
    depthwise, pointwise = (program.axes(layer, w) for w in (layer.depthwise_kernel, layer.pointwise_kernel))
    # As many channels as the pointwise kernel reads.
    dims = (*call.outputs[0].dims[:-1], pointwise[-2])
    middle = program.add("DEPTHWISE_CONV_2D", call, inputs, dims, kernel=depthwise, **_window(layer))
    output = program.add("CONV_2D", call, [middle], call.outputs[0].dims, kernel=pointwise)
    return [program.activate(call, output, _activation_of(layer))]


@LOWERINGS.register("Conv2DTranspose")
def _transposed(program: Program, call: Call, inputs: list[Tensor]) -> list[Tensor]:
    height, width, filters, channels = program.axes(call.layer, call.layer.kernel)
    kernel = (height, width, channels, filters)
    output = program.add("TRANSPOSE_CONV", call, inputs, call.outputs[0].dims, kernel=kernel)
    return [program.activate(call, output, _activation_of(call.layer))]


def _window(layer: Any) -> dict[str, Any]:
    dilation = _pair(getattr(layer, "dilation_rate", 1))
    return {"strides": _pair(layer.strides), "dilation": dilation, "padding": layer.padding}


def _windowed(program: Program, call: Call, source: Tensor, op: str, kernel: Dims) -> Tensor:
    dims, more = call.outputs[0].dims, _window(call.layer)
    if len(dims) == 2:  # a sequence: an image of one row
        dims, kernel, source = (1, *dims), (1, *kernel), Tensor(source.number, (1, *source.dims))
        more = {key: (1, value[-1]) if isinstance(value, tuple) else value for key, value in more.items()}
    output = program.add(op, call, [source], dims, kernel=kernel, **more)
    return program.activate(call, output, _activation_of(call.layer))


@LOWERINGS.register("Dense")
def _dense(program: Program, call: Call, inputs: list[Tensor]) -> list[Tensor]:
    kernel = program.axes(call.layer, call.layer.kernel)
    output = program.add("FULLY_CONNECTED", call, inputs, call.outputs[0].dims, kernel=kernel)
    return [program.activate(call, output, _activation_of(call.layer))]


@LOWERINGS.register("CapsuleDense")
def _capsule_dense(program: Program, call: Call, inputs: list[Tensor]) -> list[Tensor]:
    kernel = program.axes(call.layer, call.layer.kernel)
    iterations = getattr(call.layer.routing, "iterations", 1)
    dims = call.outputs[0].dims
    return [program.add("TfcapsCapsuleDense", call, inputs, dims, kernel=kernel, iterations=iterations)]


@LOWERINGS.register("Squash")
def _squash(program: Program, call: Call, inputs: list[Tensor]) -> list[Tensor]:
    return [program.add("TfcapsSquash", call, inputs, call.outputs[0].dims)]


@LOWERINGS.register("CapsuleSelect")
def _select(program: Program, call: Call, inputs: list[Tensor]) -> list[Tensor]:
    return [program.add("GATHER", call, inputs, call.outputs[0].dims)]


@LOWERINGS.register("CapsuleLength")
def _length(program: Program, call: Call, inputs: list[Tensor]) -> list[Tensor]:
    return [program.add("TfcapsLength", call, inputs, call.outputs[0].dims)]


@LOWERINGS.register("BatchNormalization")
def _batch_normalization(program: Program, call: Call, inputs: list[Tensor]) -> list[Tensor]:
    if program.can_fold(inputs[0]):
        return inputs
    dims = call.outputs[0].dims
    return [program.add("ADD", call, [program.add("MUL", call, inputs, dims)], dims)]


@LOWERINGS.register("Activation")
@LOWERINGS.register("ReLU")
@LOWERINGS.register("LeakyReLU")
@LOWERINGS.register("ELU")
@LOWERINGS.register("Softmax")
def _activation(program: Program, call: Call, inputs: list[Tensor]) -> list[Tensor]:
    names = {"Activation": _activation_of(call.layer), "ReLU": _relu(call.layer), "Softmax": "softmax"}
    return [program.activate(call, inputs[0], names.get(_kind(call.layer), "lookup"))]


@LOWERINGS.register("nn.relu")
@LOWERINGS.register("nn.relu6")
@LOWERINGS.register("Relu")
@LOWERINGS.register("Relu6")
def _relu_function(program: Program, call: Call, inputs: list[Tensor]) -> list[Tensor]:
    return [program.activate(call, inputs[0], "relu")]


def _relu(layer: Any) -> str:
    plain = not getattr(layer, "negative_slope", 0) and not getattr(layer, "threshold", 0)
    return "relu" if plain and getattr(layer, "max_value", None) in (None, 6) else "lookup"


_ARITHMETIC = {
    "ADD": ("Add", "Average", "math.add", "__operators__.add"),
    "SUB": ("Subtract", "math.subtract"),
    "MUL": ("Multiply", "math.multiply"),
    "MAXIMUM": ("Maximum", "math.maximum"),
    "MINIMUM": ("Minimum", "math.minimum"),
}


def _arithmetic(op: str) -> Lowering:
    def lowering(program: Program, call: Call, inputs: list[Tensor]) -> list[Tensor]:
        dims = call.outputs[0].dims
        if len(inputs) == 1:  # the other one is a constant
            return [program.add(op, call, inputs, dims)]
        found = inputs[0]
        for other in inputs[1:]:
            found = program.add(op, call, [found, other], dims)
        return [program.add("MUL", call, [found], dims)] if _kind(call.layer) == "Average" else [found]

    return lowering


for _op, _names in _ARITHMETIC.items():
    for _name in _names:
        LOWERINGS.register(_name)(_arithmetic(_op))


@LOWERINGS.register("Concatenate")
@LOWERINGS.register("concat")
def _concatenate(program: Program, call: Call, inputs: list[Tensor]) -> list[Tensor]:
    return [program.add("CONCATENATION", call, inputs, call.outputs[0].dims)]


@LOWERINGS.register("MaxPooling2D")
@LOWERINGS.register("AveragePooling2D")
@LOWERINGS.register("MaxPooling1D")
@LOWERINGS.register("AveragePooling1D")
def _pool(program: Program, call: Call, inputs: list[Tensor]) -> list[Tensor]:
    size = _pair(call.layer.pool_size)
    return [_windowed(program, call, inputs[0], "POOL_2D", size if len(inputs[0].dims) == 3 else size[:1])]


@LOWERINGS.register("GlobalAveragePooling2D")
def _mean(program: Program, call: Call, inputs: list[Tensor]) -> list[Tensor]:
    return [program.add("MEAN", call, inputs, call.outputs[0].dims)]


@LOWERINGS.register("Flatten")
@LOWERINGS.register("Reshape")
@LOWERINGS.register("reshape")
@LOWERINGS.register("Dropout")
@LOWERINGS.register("SpatialDropout2D")
@LOWERINGS.register("GaussianNoise")
@LOWERINGS.register("GaussianDropout")
@LOWERINGS.register("ActivityRegularization")
def _nothing(program: Program, call: Call, inputs: list[Tensor]) -> list[Tensor]:
    return inputs


def _any_other(program: Program, call: Call, inputs: list[Tensor]) -> list[Tensor]:
    return [program.add("OTHER", call, inputs, output.dims) for output in call.outputs]
