"""STRIDED_SLICE on int8."""

from __future__ import annotations

import dataclasses

import numpy as np
from numpy.typing import NDArray

from tfcaps.quantization.simulator.ops.base import OPS, OpCall
from tfcaps.quantization.simulator.ops.per_example import integers, keep_scale, per_example


@dataclasses.dataclass(frozen=True)
class Slice:
    """One dimension of a slice: `size` values from `begin` on, every `stride`-th; whether the dimension then goes."""

    begin: int
    stride: int
    size: int
    shrinks: bool


def resolve(call: OpCall) -> list[Slice]:
    """The slices of all dimensions of input 0, masks and negative indices applied."""
    tensor, options = call.inputs[0], call.op.options
    begins, ends, strides = (integers(call, position) for position in (1, 2, 3))
    if tensor is None or options is None or not len(begins) == len(ends) == len(strides) == len(tensor.shape):
        raise call.fail("expected begin, end and stride for every dimension")
    if options.EllipsisMask() or options.NewAxisMask() or options.Offset():
        raise call.fail("an ellipsis, a new axis or an offset is not supported")
    found = []
    for n, size in enumerate(tensor.shape):
        shrinks = bool(options.ShrinkAxisMask() >> n & 1)
        if strides[n] == 0 or (shrinks and strides[n] < 0):
            raise call.fail("expected strides that are not 0, and positive where a dimension goes")
        begin = None if options.BeginMask() >> n & 1 else begins[n]
        end = None if options.EndMask() >> n & 1 else ends[n]
        taken = range(*slice(begin, end, strides[n]).indices(size))
        if shrinks:
            taken = range(taken.start, taken.start + 1)
        if not taken or not 0 <= taken.start < size:
            raise call.fail(f"expected at least one value of dimension {n}")
        found.append(Slice(taken.start, strides[n], len(taken), shrinks))
    return found


@OPS.register("STRIDED_SLICE")
def strided_slice(call: OpCall) -> NDArray[np.int8]:
    """Inputs 1 to 3 are begin, end and stride."""
    ((x, tensor),) = call.int8(0)
    keep_scale(call, tensor)
    slices = resolve(call)

    def compute(example: NDArray[np.int8]) -> NDArray[np.int8]:
        for n, part in enumerate(slices):
            example = np.take(example, part.begin + part.stride * np.arange(part.size), axis=n)
        return example.reshape([part.size for part in slices if not part.shrinks])

    return per_example(call, x, compute)
