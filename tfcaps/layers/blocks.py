"""Building blocks made of several layers: primary capsules and the decoder.

They are functions, not layers, so that tfmot, a channel graph and the stock converter see plain convolutions and
dense layers.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from tfcaps._keras import keras
from tfcaps.errors import ModelError
from tfcaps.layers.squash import Squash


def primary_capsules(
    x: Any,
    types: int,
    dim: int,
    kernel_size: int | tuple[int, int],
    strides: int | tuple[int, int] = 1,
    padding: str = "valid",
    name: str = "primary",
    **conv_options: Any,
) -> Any:
    """Primary capsules on a feature map: a convolution, cut into capsules of `dim` channels, squashed.

    Args:
        x: Feature map [B, H, W, C], a Keras tensor.
        types: Capsule types T.
        dim: Dimension of each capsule.
        kernel_size: Of the convolution.
        strides: Of the convolution.
        padding: ``"valid"`` or ``"same"``.
        name: Name of the convolution; the other layers are called after it.
        **conv_options: Passed to ``Conv2D``.

    Returns:
        Capsules [B, H'*W'*T, dim], a Keras tensor.

    Raises:
        ModelError: For sizes that are not positive, a feature map of another rank, or one smaller than the kernel.
    """
    if types < 1 or dim < 1:
        raise ModelError(f"primary_capsules {name!r}: expected positive sizes, got {types=}, {dim=}")
    if len(x.shape) != 4:
        raise ModelError(f"primary_capsules {name!r}: expected a feature map [batch, H, W, C], got {tuple(x.shape)}")
    kernel = (kernel_size, kernel_size) if isinstance(kernel_size, int) else tuple(kernel_size)
    if padding == "valid" and any(size is not None and size < k for size, k in zip(x.shape[1:3], kernel, strict=True)):
        raise ModelError(f"primary_capsules {name!r}: kernel {kernel} does not fit the feature map {tuple(x.shape)}")
    maps = keras.layers.Conv2D(types * dim, kernel_size, strides, padding, name=name, **conv_options)(x)
    if any(size is None for size in maps.shape[1:3]):
        raise ModelError(f"primary_capsules {name!r}: expected a fixed image size, got {tuple(x.shape)}")
    count = math.prod(int(size) for size in maps.shape[1:]) // dim
    return Squash(name=f"{name}_squash")(keras.layers.Reshape((count, dim), name=f"{name}_reshape")(maps))


def decoder(masked: Any, shape: Sequence[int], units: Sequence[int] = (512, 1024), name: str = "decoder") -> Any:
    """The reconstruction network (Sabour et al. 2017, figure 2): dense ReLU layers, then a sigmoid image.

    Args:
        masked: Masked capsules [B, J, D], a Keras tensor.
        shape: Shape of the image without the batch.
        units: Widths of the hidden layers.
        name: Prefix of the layers' names; the last one carries it alone.

    Returns:
        The reconstruction [B, *shape] in [0, 1], a Keras tensor.
    """
    x = keras.layers.Flatten(name=f"{name}_flatten")(masked)
    for i, width in enumerate(units, 1):
        x = keras.layers.Dense(width, activation="relu", name=f"{name}_{i}")(x)
    x = keras.layers.Dense(math.prod(shape), activation="sigmoid", name=f"{name}_pixels")(x)
    return keras.layers.Reshape(tuple(shape), name=name)(x)
