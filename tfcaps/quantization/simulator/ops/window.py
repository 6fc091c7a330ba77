"""Windows of an image, padded the way TensorFlow Lite does it; shared by convolutions and pools."""

from __future__ import annotations

from typing import Any

import numpy as np
from ai_edge_litert import schema_py_generated as schema
from numpy.typing import NDArray


def windows(
    x: NDArray[Any], size: tuple[int, int], options: Any, fill: float, dilation: tuple[int, int] = (1, 1)
) -> NDArray[Any]:
    """Views of x [n, h, w, c] as [n, oh, ow, c, size h, size w], with `fill` where the padding is.

    `options` holds stride and padding: Conv2DOptions, DepthwiseConv2DOptions or Pool2DOptions.
    """
    strides = (options.StrideH(), options.StrideW())
    extents = [(s - 1) * d + 1 for s, d in zip(size, dilation, strict=True)]
    if options.Padding() == schema.Padding.SAME:
        pads = []
        for length, extent, stride in zip(x.shape[1:3], extents, strides, strict=True):
            total = max(0, (-(-length // stride) - 1) * stride + extent - length)
            pads.append((total // 2, total - total // 2))
        x = np.pad(x, [(0, 0), *pads, (0, 0)], constant_values=fill)
    views = np.lib.stride_tricks.sliding_window_view(x, tuple(extents), axis=(1, 2))
    return views[:, :: strides[0], :: strides[1], :, :: dilation[0], :: dilation[1]]
