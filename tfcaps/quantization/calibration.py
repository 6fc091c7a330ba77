"""Which range to give the tensor in front of a squash.

That one tensor dominates the quantisation error of a capsule network: the squash bends small and large values
differently, so the range with the smallest error before it is not the one with the smallest error after it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tfcaps.errors import DataError

RATIOS = (1.0, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.15, 0.1)
MAX_CAPSULES = 200_000


def squash_clip(values: np.ndarray, *, ratios: Sequence[float] = RATIOS) -> tuple[float, float]:
    """The int8 range of a pre-squash tensor with the smallest rms error after the squash.

    Candidates are the full range, from the minimum to the maximum (with zero), and for each ratio r the symmetric range
    [-a, a·127/128] of a = r · max|values|, whose zero point is 0 and whose scale is a/128. The full range is kept
    unless a clip is better; of equal clips the first is taken.

    Args:
        values: Capsules seen in calibration, [N, ..., D]. The extremes are those of all values, the error is measured
            on at most 200,000 capsules, evenly spaced.
        ratios: Clips to try, as fractions of the absolute maximum; may be empty.

    Returns:
        (lo, hi) with lo <= 0 <= hi: the real values of the codes -128 and 127, up to the rounding of the zero point.

    Raises:
        DataError: If `values` has no capsules or is not finite, or a ratio is not in (0, 1].
    """
    values = np.asarray(values)
    if values.ndim < 1 or values.size == 0:
        raise DataError(f"squash_clip: expected capsules [N, ..., D], got an array of shape {values.shape}")
    for ratio in ratios:
        if not 0.0 < ratio <= 1.0:
            raise DataError(f"squash_clip: expected ratios in (0, 1], got {ratio}")
    lowest, highest = float(values.min()), float(values.max())
    if not np.isfinite(highest - lowest):
        raise DataError("squash_clip: the calibration values are not finite")
    lo, hi = min(0.0, lowest), max(0.0, highest)
    if lo == hi:
        return -1.0, 127.0 / 128.0

    capsules = values.reshape(-1, values.shape[-1])
    if len(capsules) > MAX_CAPSULES:
        capsules = capsules[np.linspace(0, len(capsules) - 1, MAX_CAPSULES).astype(np.int64)]
    capsules = capsules.astype(np.float32, copy=False)
    exact = _squash(capsules)

    limit = max(-lo, hi)
    candidates = [(lo, hi), *((-limit * r, limit * r * 127.0 / 128.0) for r in ratios)]
    errors = [_mean_square(_squash(_quantise(capsules, *range_)) - exact) for range_ in candidates]
    return candidates[int(np.argmin(errors))]


def _quantise(x: np.ndarray, lo: float, hi: float) -> np.ndarray:
    """`x` after affine int8 quantisation with the given range, as float32."""
    scale = np.float32((hi - lo) / 255.0)
    zero_point = np.float32(np.clip(np.round(-128.0 - lo / float(scale)), -128, 127))
    q = np.rint(x * (np.float32(1.0) / scale))
    np.clip(q, -128 - zero_point, 127 - zero_point, out=q)
    q *= scale
    return q


def _squash(s: np.ndarray) -> np.ndarray:
    n2 = np.einsum("nd,nd->n", s, s)
    return s * (np.sqrt(n2) / (1.0 + n2))[:, None]


def _mean_square(x: np.ndarray) -> float:
    return float(np.einsum("nd,nd->", x, x, dtype=np.float64))
