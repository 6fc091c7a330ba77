"""What a simulated operator sees, and the registry it enters itself into."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
from ai_edge_litert import schema_py_generated as schema
from numpy.typing import NDArray

from tfcaps.errors import FileFormatError
from tfcaps.quantization.simulator.fixed_point import Ints
from tfcaps.registry import Registry
from tfcaps.runtime.tflite_file import Operator, Tensor


@dataclasses.dataclass
class OpCall:
    """One operator on one batch.

    Attributes:
        op: The operator.
        values: The inputs, [n, ...] for what the model computes and as they are for constants; None for one left out.
        inputs: The input tensors: scales, zero points, the shapes for a batch of one.
        outputs: The output tensors.
        batch: n.
        details: Whatever an operator wants to show beyond its outputs.
    """

    op: Operator
    values: list[NDArray[Any] | None]
    inputs: list[Tensor | None]
    outputs: list[Tensor]
    batch: int
    details: Any = None

    def fail(self, what: str) -> FileFormatError:
        """The error of an operator that cannot be simulated; it names the operator and its output."""
        return FileFormatError(f"{self.op.name} (tensor {self.outputs[0].name!r}): {what}")

    def int8(self, *positions: int) -> list[tuple[NDArray[Any], Tensor]]:
        """Some inputs, which have to be int8 like the first output."""
        found = []
        for position in positions:
            value = self.values[position] if position < len(self.values) else None
            tensor = self.inputs[position] if position < len(self.inputs) else None
            if value is None or tensor is None or tensor.dtype != np.int8 or self.outputs[0].dtype != np.int8:
                raise self.fail(f"expected input {position} and the output to be int8")
            if not tensor.scale or not self.outputs[0].scale:
                raise self.fail(f"expected input {position} and the output to be quantised")
            found.append((value, tensor))
        return found

    def constant(self, position: int) -> Tensor:
        """An input that has to be a constant, quantised with zero point 0."""
        tensor = self.inputs[position] if position < len(self.inputs) else None
        if tensor is None or tensor.data is None or np.any(tensor.zero_points):
            raise self.fail(f"expected input {position} to be a constant with zero point 0")
        return tensor

    def bias(self, position: int, channels: int) -> Ints | int:
        """The int32 bias, or 0 when there is none."""
        if position >= len(self.values) or self.values[position] is None:
            return 0
        data = self.constant(position).data
        if data is None or data.dtype != np.int32 or data.shape != (channels,):
            raise self.fail(f"expected an int32 bias [{channels}]")
        return data.astype(np.int64)

    def finish(self, x: Ints, activation: int = schema.ActivationFunctionType.NONE) -> NDArray[np.int8]:
        """Integers relative to the output's zero point, limited to its type and activation, in its shape."""
        output = self.outputs[0]
        low, high = -128, 127
        if activation not in _LIMITS:
            raise self.fail(f"fused activation {activation} is not supported")
        real_low, real_high = _LIMITS[activation]
        if real_low is not None:
            low = max(low, output.zero_point + _round(real_low / np.float32(output.scale)))
        if real_high is not None:
            high = min(high, output.zero_point + _round(real_high / np.float32(output.scale)))
        shaped = np.clip(x + output.zero_point, low, high).astype(np.int8)
        if shaped.shape[1:] != output.shape[1:] or output.shape[:1] != (1,):
            raise self.fail(f"expected output {list(output.shape)}, computed {[1, *shaped.shape[1:]]}")
        return shaped


_LIMITS: dict[int, tuple[np.float32 | None, np.float32 | None]] = {
    schema.ActivationFunctionType.NONE: (None, None),
    schema.ActivationFunctionType.RELU: (np.float32(0), None),
    schema.ActivationFunctionType.RELU6: (np.float32(0), np.float32(6)),
    schema.ActivationFunctionType.RELU_N1_TO_1: (np.float32(-1), np.float32(1)),
}


def _round(x: np.float32) -> int:
    """Halves away from zero."""
    return int(np.trunc(np.float64(x) + np.copysign(0.5, x)))


def accumulate(left: NDArray[Any], right: NDArray[Any], bound: int) -> Ints:
    """A matrix product of integers whose sums stay below `bound`: in float32 where that is exact, else in float64."""
    dtype = np.float32 if bound < 2**24 else np.float64
    return np.matmul(left.astype(dtype), right.astype(dtype)).astype(np.int64)


# An operator of several outputs gives a tuple.
OPS: Registry[Callable[[OpCall], NDArray[Any] | tuple[NDArray[Any], ...]]] = Registry("simulated operator")
