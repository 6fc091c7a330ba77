"""What a lowering gets and gives."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from tfcaps.layers import CapsuleOp
from tfcaps.registry import Registry


@dataclass(frozen=True)
class Quantization:
    """Scale and zero point of an int8 tensor."""

    scale: float
    zero_point: int


# Every capsule component lies in [-1, 1): the whole int8 range, and the kernels need no output multiplier.
POSE = Quantization(1 / 128, 0)


@dataclass(frozen=True)
class Call:
    """One call of a capsule layer, seen during calibration.

    Attributes:
        layer: The layer.
        inputs: Its float inputs over the calibration data, [N, ...].
        outputs: Its float outputs, [N, ...].
        weights: What `Lowering.weights` named, as it was during the call (under QAT: fake-quantised).
    """

    layer: CapsuleOp
    inputs: np.ndarray
    outputs: np.ndarray
    weights: dict[str, np.ndarray]


@dataclass(frozen=True)
class Constant:
    """A constant input of the operator: int8 with one scale per index of `axis`, or int32."""

    name: str
    values: np.ndarray
    scales: Sequence[float] | None = None
    axis: int = 0


@dataclass(frozen=True)
class CustomOp:
    """The operator that takes the layer's place."""

    code: str
    options: bytes
    output: Quantization
    constants: Sequence[Constant] = field(default=())


class Lowering(Protocol):
    """How one layer class becomes one custom operator."""

    def weights(self, layer: Any) -> dict[str, Any]:
        """Tensors of the layer that `lower` needs."""

    def output_range(self, call: Call) -> tuple[float, float]:
        """Smallest and largest real value of the output tensor's int8 range."""

    def lower(self, call: Call, source: Quantization, *, from_squash: bool) -> CustomOp:
        """The operator, given the quantisation of its input; `from_squash`: the input capsules have lengths below 1."""


LOWERINGS: Registry[Lowering] = Registry("convertible capsule layer")
