"""TfcapsSquash in integers: v = s |s| / (1 + |s|^2). Specification: docs/numerics.md."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tfcaps.quantization.simulator.fixed_point import isqrt, length_bits, rshift, sat8
from tfcaps.quantization.simulator.params import SquashParams


def squash(capsules: NDArray[np.int8], params: SquashParams) -> NDArray[np.int8]:
    """Squashes capsules.

    Args:
        capsules: int8 [..., D], D <= 256.
        params: The operator's options.

    Returns:
        int8 of the same shape, scale 1/128, zero point 0.
    """
    f = length_bits(capsules.shape[-1])
    d = capsules.astype(np.int64) - params.input_zero_point
    n2 = np.sum(d * d, axis=-1, keepdims=True)
    gain = (isqrt(n2 << f) << 16) // (params.inverse_square_scale + (n2 << 4))
    return sat8(rshift(d * gain, f // 2 + 5)).astype(np.int8)
