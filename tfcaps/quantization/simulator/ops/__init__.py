"""The operators that `Simulator` knows, one file each; importing this package registers them."""

from tfcaps.quantization.simulator.ops import (
    add,
    capsules,
    conv_2d,
    depthwise_conv_2d,
    fully_connected,
    mul,
    pool_2d,
    quantize,
    reshape,
)
from tfcaps.quantization.simulator.ops.base import OPS, OpCall

__all__ = [
    "OPS",
    "OpCall",
    "add",
    "capsules",
    "conv_2d",
    "depthwise_conv_2d",
    "fully_connected",
    "mul",
    "pool_2d",
    "quantize",
    "reshape",
]
