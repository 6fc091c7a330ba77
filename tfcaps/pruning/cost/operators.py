"""The operators of a model's int8 program: which there are, and what each of them computes at given sizes.

An `Operator` has dimensions that depend on how many channels are kept; `Operator.sized` puts numbers in their place.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from tfcaps.pruning.cost.extent import Dims, Extent

Sizes = tuple[int, ...]

# Operators that compute value by value, so that the output may take the input's place.
IN_PLACE = ("ADD", "SUB", "MUL", "MAXIMUM", "MINIMUM", "LOOKUP", "SOFTMAX", "TfcapsSquash")
WINDOWED = ("CONV_2D", "DEPTHWISE_CONV_2D", "POOL_2D")


@dataclass(frozen=True)
class Operator:
    """One operator of the program.

    Attributes:
        op: Its name in TFLite; POOL_2D for both kinds, LOOKUP for all functions of one value.
        layer: The Keras layer that it comes from.
        inputs: Numbers of the tensors that it reads; a tensor and its reshaped form have one number.
        output: Number of the tensor that it writes.
        input_dims: Dimensions of the inputs without the batch.
        output_dims: Dimensions of the output without the batch.
        kernel: [h, w, channels of a group, filters] of a convolution, [h, w, channels, multiplier] of a depthwise one,
            [inputs, units] of a dense layer, [I K, J D] of CapsuleDense; the window [h, w] of a pool; else empty.
        strides: Of a window.
        dilation: Of a window.
        padding: Of a window: "same" or "valid".
        iterations: Of a routing.
        activated: Whether a ReLU has become part of it.
        is_result: Whether the model returns the output, which the caller then has memory for.
    """

    op: str
    layer: str
    inputs: tuple[int, ...]
    output: int
    input_dims: tuple[Dims, ...]
    output_dims: Dims
    kernel: Dims = ()
    strides: tuple[int, int] = (1, 1)
    dilation: tuple[int, int] = (1, 1)
    padding: str = "valid"
    iterations: int = 0
    activated: bool = False
    is_result: bool = False

    def sized(self, size: Callable[[Extent], int]) -> SizedOperator:
        """The operator with a number for every dimension."""

        def sizes(dims: Dims) -> Sizes:
            return tuple(dim if isinstance(dim, int) else size(dim) for dim in dims)

        return SizedOperator(self, tuple(map(sizes, self.input_dims)), sizes(self.output_dims), sizes(self.kernel))


@dataclass(frozen=True)
class SizedOperator:
    """An operator at given sizes.

    Attributes:
        form: What it is.
        inputs: Sizes of the inputs, without the batch.
        output: Sizes of the output, without the batch.
        kernel: Sizes of the kernel.
    """

    form: Operator
    inputs: tuple[Sizes, ...]
    output: Sizes
    kernel: Sizes

    @property
    def op(self) -> str:
        """The operator's name."""
        return self.form.op

    @property
    def layer(self) -> str:
        """The Keras layer's name."""
        return self.form.layer

    @property
    def outputs(self) -> int:
        """Values that it writes."""
        return math.prod(self.output)

    @property
    def output_bytes(self) -> int:
        """Bytes that it writes, in int8."""
        return self.outputs

    @property
    def macs(self) -> int:
        """Multiply-accumulates, by the definition of `tfcaps compile`; 0 for what only moves or looks up values."""
        if self.op in ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED", "TRANSPOSE_CONV"):
            positions = self.inputs[0] if self.op == "TRANSPOSE_CONV" else self.output
            return math.prod(positions[:-1]) * math.prod(self.kernel)
        if self.op == "TfcapsCapsuleDense":  # votes once, then each iteration's weighted sum and agreement
            count, depth = self.inputs[0]
            return count * math.prod(self.output) * (depth + 2 * self.form.iterations - 1)
        return 0


def mark_results(operators: Sequence[Operator], results: Sequence[int]) -> tuple[Operator, ...]:
    """The operators, those that write one of the model's results marked."""
    wanted = set(results)
    return tuple(replace(op, is_result=op.output in wanted) for op in operators)
