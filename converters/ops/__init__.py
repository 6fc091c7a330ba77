"""One file a custom operator: from a `tfcaps` layer to operator code, options and constant inputs.

A lowering registers itself in `LOWERINGS` under the class name of its layer.
"""

from tfcaps.converters.ops import capsule_dense, capsule_length, squash
from tfcaps.converters.ops.base import LOWERINGS, POSE, Call, Constant, CustomOp, Lowering, Quantization

__all__ = [
    "LOWERINGS",
    "POSE",
    "Call",
    "Constant",
    "CustomOp",
    "Lowering",
    "Quantization",
    "capsule_dense",
    "capsule_length",
    "squash",
]
