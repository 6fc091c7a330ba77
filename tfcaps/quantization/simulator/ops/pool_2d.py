"""MAX_POOL_2D and AVERAGE_POOL_2D on int8; input and output share scale and zero point."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tfcaps.quantization.simulator.fixed_point import Ints
from tfcaps.quantization.simulator.ops.base import OPS, OpCall
from tfcaps.quantization.simulator.ops.window import windows


def _finish(call: OpCall, pooled: Ints) -> NDArray[np.int8]:
    tensor = call.inputs[0]
    if tensor is None or (tensor.scale, tensor.zero_point) != (call.outputs[0].scale, call.outputs[0].zero_point):
        raise call.fail("expected input and output of one scale and zero point")
    return call.finish(pooled - tensor.zero_point, call.op.options.FusedActivationFunction())


@OPS.register("MAX_POOL_2D")
def max_pool_2d(call: OpCall) -> NDArray[np.int8]:
    """The largest value of each window."""
    ((x, _),) = call.int8(0)
    options = call.op.options
    views = windows(x.astype(np.int64), (options.FilterHeight(), options.FilterWidth()), options, -128)
    return _finish(call, views.max(axis=(-2, -1)))


@OPS.register("AVERAGE_POOL_2D")
def average_pool_2d(call: OpCall) -> NDArray[np.int8]:
    """The mean of each window without its padding, halves away from zero."""
    ((x, _),) = call.int8(0)
    options = call.op.options
    size = (options.FilterHeight(), options.FilterWidth())
    sums = windows(x.astype(np.int64), size, options, 0).sum(axis=(-2, -1))
    counts = windows(np.ones_like(x, np.int64), size, options, 0).sum(axis=(-2, -1))
    return _finish(call, np.sign(sums) * ((np.abs(sums) + counts // 2) // counts))
