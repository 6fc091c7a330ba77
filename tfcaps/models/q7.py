"""The three networks of "Shifting Capsule Networks from the Cloud to the Deep Edge" (Costa et al. 2022).

Topologies, initialisers and constraints as in the authors' Keras models. The class capsules start from Glorot's uniform
distribution on their kernel of rank 4, [J, I, D, K], the first two axes of which Keras takes for an image kernel: much
smaller weights than `CapsuleDense`'s own default. Pass ``kernel_initializer`` for another.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from tfcaps._keras import keras
from tfcaps.layers import primary_capsules
from tfcaps.models.base import MODELS, class_capsules, image_input


@MODELS.register("q7_mnist")
def q7_mnist(
    input_shape: Sequence[int] = (28, 28, 1),
    num_classes: int = 10,
    routing: Any = "dynamic",
    kernel_initializer: Any = None,
) -> Any:
    """16 convolutions 7x7, 16 types of 4-D capsules 7x7/2, class capsules of 6: 296,800 parameters.

    Args:
        input_shape: (H, W, C).
        num_classes: Classes J.
        routing: A name or a routing.
        kernel_initializer: Of the class capsules; the authors' if left out.

    Returns:
        The Keras model. The authors train it with Adam 1e-3, batch 32, 10 epochs.
    """
    return _q7("q7_mnist", input_shape, num_classes, [(16, 7, 1)], (7, 2), 6, routing, kernel_initializer)


@MODELS.register("q7_smallnorb")
def q7_smallnorb(
    input_shape: Sequence[int] = (32, 32, 2),
    num_classes: int = 5,
    routing: Any = "dynamic",
    kernel_initializer: Any = None,
) -> Any:
    """32 convolutions 7x7, 16 types of 4-D capsules 7x7/2, class capsules of 6: 295,584 parameters.

    Args:
        input_shape: (H, W, C); C = 2 is the stereo pair.
        num_classes: Classes J.
        routing: A name or a routing.
        kernel_initializer: Of the class capsules; the authors' if left out.

    Returns:
        The Keras model. The authors train it with Adam 2.5e-4, batch 32, 5 epochs.
    """
    return _q7("q7_smallnorb", input_shape, num_classes, [(32, 7, 1)], (7, 2), 6, routing, kernel_initializer)


@MODELS.register("q7_cifar10")
def q7_cifar10(
    input_shape: Sequence[int] = (32, 32, 3),
    num_classes: int = 10,
    routing: Any = "dynamic",
    kernel_initializer: Any = None,
) -> Any:
    """Four convolutions 3x3, 16 types of 4-D capsules 3x3/2, class capsules of 5: 115,296 parameters.

    Args:
        input_shape: (H, W, C).
        num_classes: Classes J.
        routing: A name or a routing.
        kernel_initializer: Of the class capsules; the authors' if left out.

    Returns:
        The Keras model, all convolution kernels under a max-norm constraint of 0.5. The authors train it with Adam
        2.5e-4, batch 64, 100 epochs, shifts of 0.1 and horizontal flips.
    """
    stem = [(32, 3, 1), (32, 3, 1), (64, 3, 2), (64, 3, 2)]
    return _q7("q7_cifar10", input_shape, num_classes, stem, (3, 2), 5, routing, kernel_initializer, max_norm=0.5)


def _q7(
    name: str,
    input_shape: Sequence[int],
    num_classes: int,
    stem: Sequence[tuple[int, int, int]],
    primary: tuple[int, int],
    class_dim: int,
    routing: Any,
    kernel_initializer: Any,
    max_norm: float | None = None,
) -> Any:
    """A stem of (filters, kernel, stride) convolutions, 16 types of 4-D primary capsules (kernel, stride), classes."""

    def kernel_options() -> dict[str, Any]:
        constraint = None if max_norm is None else keras.constraints.MaxNorm(max_norm)
        return {"kernel_initializer": "he_uniform", "kernel_constraint": constraint}

    x, _ = image_input(name, input_shape, num_classes, [(k, s) for _, k, s in stem] + [primary])
    image = x
    for i, (filters, kernel, stride) in enumerate(stem, 1):
        x = keras.layers.Conv2D(filters, kernel, stride, activation="relu", name=f"conv{i}", **kernel_options())(x)
    u = primary_capsules(x, types=16, dim=4, kernel_size=primary[0], strides=primary[1], **kernel_options())
    if kernel_initializer is None:
        limit = math.sqrt(6 / (num_classes * u.shape[1] * (class_dim + u.shape[2])))
        kernel_initializer = keras.initializers.RandomUniform(-limit, limit)
    _, lengths = class_capsules(u, num_classes, class_dim, routing, kernel_initializer=kernel_initializer)
    return keras.Model(image, lengths, name=name)
