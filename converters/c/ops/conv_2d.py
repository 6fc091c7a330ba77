"""CONV_2D, grouped too, and DEPTHWISE_CONV_2D."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from ai_edge_litert import schema_py_generated as schema
from numpy.typing import NDArray

from tfcaps.converters.c.ops.base import (
    EMITTERS,
    Call,
    Emission,
    Overlap,
    Shape,
    Struct,
    image_struct,
    row_schedule,
    scratch,
)
from tfcaps.converters.c.tflm_arithmetic import channel_multipliers


def same_padding(options: Any, source: Shape, output: Shape, extent: tuple[int, int]) -> tuple[int, int]:
    """Rows and columns of padding above and to the left of the image."""
    if options.Padding() == schema.Padding.VALID:
        return 0, 0
    strides = (options.StrideH(), options.StrideW())
    totals = [(output[n + 1] - 1) * strides[n] + extent[n] - source[n + 1] for n in range(2)]
    return max(0, totals[0]) // 2, max(0, totals[1]) // 2


def channel_scales(multipliers: NDArray[np.int32]) -> Struct:
    """`tfcaps_channel_scales`."""
    fields = {"count": multipliers.size, "multiplier": "$multiplier", "shift": "$shift"}
    return Struct("tfcaps_channel_scales", "scales", fields)


def with_bias(constants: dict[str, NDArray[Any]], bias: NDArray[np.int32] | None) -> str:
    """Adds the bias to the constants; what to call it in C."""
    if bias is None:
        return "NULL"
    constants["bias"] = bias
    return "$bias"


@EMITTERS.register("CONV_2D")
def conv_2d(call: Call) -> Emission:
    """Filters [filters, h, w, channels of a group]; each output value sums a whole filter."""
    kernel = call.weights()
    filters, macs = kernel.shape[0], math.prod(kernel.shape[1:])
    channels = call.activation().shape[-1]
    if channels % kernel.shape[3] or filters % (channels // kernel.shape[3]):
        raise call.fail(f"{channels} channels and {filters} filters do not make groups of {kernel.shape[3]}")
    return _convolution(call, "tfcaps_conv_2d_s8", filters, macs)


@EMITTERS.register("DEPTHWISE_CONV_2D")
def depthwise_conv_2d(call: Call) -> Emission:
    """Filters [1, h, w, channels * multiplier]."""
    kernel = call.weights()
    if kernel.shape[0] != 1 or kernel.shape[3] % call.activation().shape[-1]:
        raise call.fail(f"expected filters [1, h, w, channels * multiplier], got {list(kernel.shape)}")
    return _convolution(call, "tfcaps_depthwise_conv_2d_s8", kernel.shape[3], kernel.shape[1] * kernel.shape[2])


def conv_structs(call: Call) -> list[Struct]:
    """Parameters and dims of a convolution, in the order of its size getter."""
    source, kernel, output, options = call.activation(), call.weights(), call.output, call.op.options
    dilation = (options.DilationHFactor(), options.DilationWFactor())
    extent = tuple((size - 1) * step + 1 for size, step in zip(kernel.shape[1:3], dilation, strict=True))
    top, left = same_padding(options, source.shape, output.shape, (extent[0], extent[1]))
    params = Struct(
        "tfcaps_conv_2d_params",
        "params",
        {
            "stride_height": options.StrideH(),
            "stride_width": options.StrideW(),
            "dilation_height": dilation[0],
            "dilation_width": dilation[1],
            "padding_top": top,
            "padding_left": left,
            "input_zero_point": source.zero_point,
            "output_zero_point": output.zero_point,
            **call.limits(options.FusedActivationFunction()),
        },
    )
    return [
        params,
        image_struct("input_dims", source.shape),
        image_struct("kernel_dims", kernel.shape),
        image_struct("output_dims", output.shape),
    ]


def conv_overlaps(call: Call, params: Struct) -> tuple[Overlap, ...]:
    """The output's rows follow the input's."""
    stride, top = params.fields["stride_height"], params.fields["padding_top"]
    return row_schedule(call.activation().shape, call.output.shape, int(stride), int(top))  # type: ignore[arg-type]


def position_overlaps(call: Call, params: Struct, positions: int) -> tuple[Overlap, ...]:
    """Outputs of so many positions are written while their windows are read, and none before those any more."""
    values, source, output = params.fields, call.activation().shape, call.output.shape
    if source[0] != 1:
        return ()
    rows, columns = (
        np.maximum(np.arange(output[n]) * int(values[f"stride_{name}"]) - int(values[f"padding_{side}"]), 0)
        for n, name, side in ((1, "height", "top"), (2, "width", "left"))
    )
    first = ((rows[:, None] * source[2] + columns) * source[3]).ravel()  # byte of a window
    needed = np.minimum.accumulate(first[::-1])[::-1][::positions]
    written = np.minimum(np.arange(1, len(needed) + 1) * positions, len(first)) * output[3]
    return (Overlap(schedule=tuple(zip(written.tolist(), needed.tolist(), strict=True))),)


def _convolution(call: Call, function: str, channels: int, macs: int) -> Emission:
    call.check(2, 3)
    source, kernel, output = call.activation(), call.weights(), call.output
    params, *dims = conv_structs(call)
    multipliers, shifts = channel_multipliers(source, kernel, output)
    call.shift(int(shifts.max()))
    constants: dict[str, NDArray[Any]] = {
        "kernel": np.asarray(kernel.data),
        "multiplier": multipliers,
        "shift": shifts,
    }
    bias = with_bias(constants, call.bias(2, channels))
    return Emission(
        f"{function}(&context, &params, &scales, &input_dims, $in0, &kernel_dims, $kernel, {bias}, "
        "&output_dims, $out0)",
        [params, channel_scales(multipliers), *dims],
        constants,
        scratch=scratch(function, params, *dims),
        macs=math.prod(output.shape) * macs,
        overlaps=conv_overlaps(call, params),
    )
