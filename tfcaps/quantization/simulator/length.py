"""TfcapsLength in integers: |v|. Specification: docs/numerics.md."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tfcaps.quantization.simulator.fixed_point import isqrt, length_bits, requantise, sat8
from tfcaps.quantization.simulator.params import LengthParams


def length(capsules: NDArray[np.int8], params: LengthParams) -> NDArray[np.int8]:
    """The lengths of capsules.

    Args:
        capsules: int8 [..., D], D <= 256.
        params: The operator's options.

    Returns:
        int8 [...], in the scale and with the zero point that the options stand for.
    """
    f = length_bits(capsules.shape[-1])
    d = capsules.astype(np.int64) - params.input_zero_point
    n2 = np.sum(d * d, axis=-1)
    scaled = requantise(isqrt(n2 << f), params.multiplier, params.shift)
    return sat8(scaled + params.output_zero_point).astype(np.int8)
