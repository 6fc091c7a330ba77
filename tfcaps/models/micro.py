"""Small networks of our own: `micro` for microcontrollers, `tiny` for tests."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tfcaps._keras import keras
from tfcaps.layers import primary_capsules
from tfcaps.models.base import MODELS, class_capsules, image_input


@MODELS.register("micro")
def micro(input_shape: Sequence[int] = (28, 28, 1), num_classes: int = 10, routing: Any = "dynamic") -> Any:
    """16 convolutions 5x5/2, 8 types of 4-D capsules 5x5/2 (128 capsules), class capsules of 8: 54,208 parameters.

    Args:
        input_shape: (H, W, C).
        num_classes: Classes J.
        routing: A name or a routing.

    Returns:
        The Keras model.
    """
    return _small("micro", input_shape, num_classes, 16, (5, 2), 8, (5, 2), 8, routing)


@MODELS.register("tiny")
def tiny(input_shape: Sequence[int] = (28, 28, 1), num_classes: int = 10, routing: Any = "dynamic") -> Any:
    """8 convolutions 9x9/2, 4 types of 4-D capsules 5x5/2 (36 capsules), class capsules of 4: 9,632 parameters.

    Args:
        input_shape: (H, W, C).
        num_classes: Classes J.
        routing: A name or a routing.

    Returns:
        The Keras model.
    """
    return _small("tiny", input_shape, num_classes, 8, (9, 2), 4, (5, 2), 4, routing)


def _small(
    name: str,
    input_shape: Sequence[int],
    num_classes: int,
    filters: int,
    conv: tuple[int, int],
    types: int,
    primary: tuple[int, int],
    class_dim: int,
    routing: Any,
) -> Any:
    """One convolution, `types` types of 4-D primary capsules, class capsules; (kernel, stride) pairs."""
    image, _ = image_input(name, input_shape, num_classes, [conv, primary])
    x = keras.layers.Conv2D(
        filters, conv[0], conv[1], activation="relu", kernel_initializer="he_uniform", name="conv1"
    )(image)
    u = primary_capsules(x, types=types, dim=4, kernel_size=primary[0], strides=primary[1])
    _, lengths = class_capsules(u, num_classes, class_dim, routing)
    return keras.Model(image, lengths, name=name)
