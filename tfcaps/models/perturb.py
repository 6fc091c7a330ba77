"""`perturb`: see what each dimension of a capsule stands for (Sabour et al. 2017, section 5.1, figure 4)."""

from __future__ import annotations

from typing import Any

import numpy as np

from tfcaps.errors import ModelError


def perturb(
    decoder_model: Any, v: Any, class_index: int, *, low: float = -0.25, high: float = 0.25, steps: int = 11
) -> np.ndarray:
    """Decode one capsule with one dimension at a time moved by `low` ... `high`.

    Args:
        decoder_model: From `tfcaps.models.decoder_model`: [B, J, D] to images.
        v: Class capsules of one image, [J, D].
        class_index: The capsule to decode; all others are masked.
        low: First offset.
        high: Last offset.
        steps: Number of offsets; the default takes the paper's steps of 0.05.

    Returns:
        Images [D, steps, H, W, C], float32; row d moves dimension d.

    Raises:
        ModelError: If `v` is not [J, D], `class_index` is not one of J, or there is no step.

    Example:
        >>> v = capsules_model(model).predict(x[:1])[0]
        >>> images = perturb(decoder_model(model), v, class_index=y[0])
    """
    capsules = np.asarray(v, np.float32)
    if capsules.ndim != 2:
        raise ModelError(f"perturb: expected the capsules of one image, [J, D], got shape {capsules.shape}")
    count, dim = capsules.shape
    if not 0 <= class_index < count:
        raise ModelError(f"perturb: expected class_index to be 0 ... {count - 1}, got {class_index}")
    if steps < 1:
        raise ModelError(f"perturb: expected at least one step, got {steps}")
    masked = np.zeros((dim, steps, count, dim), np.float32)
    masked[:, :, class_index] = capsules[class_index]
    offsets = np.linspace(low, high, steps, dtype=np.float32)
    for d in range(dim):
        masked[d, :, class_index, d] += offsets
    images = np.asarray(decoder_model(masked.reshape(dim * steps, count, dim)), np.float32)
    return images.reshape(dim, steps, *images.shape[1:])
