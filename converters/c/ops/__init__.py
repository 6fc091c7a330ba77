"""One file a family of operators: from an operator of a .tflite to the call of its kernel.

An emitter registers itself in `EMITTERS` under the operator's name; importing this package registers all.
"""

from tfcaps.converters.c.ops import (
    binary,
    capsules,
    conv_2d,
    fully_connected,
    gather,
    movement,
    pool_2d,
    reduce,
    unary,
)
from tfcaps.converters.c.ops.base import EMITTERS, Call, Emission, Overlap, Struct

__all__ = [
    "EMITTERS",
    "Call",
    "Emission",
    "Overlap",
    "Struct",
    "binary",
    "capsules",
    "conv_2d",
    "fully_connected",
    "gather",
    "movement",
    "pool_2d",
    "reduce",
    "unary",
]
