"""The registry of model families, `build`, and the checks and the last layers that they share."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any

from tfcaps import routing as routings
from tfcaps._keras import keras
from tfcaps.errors import ModelError
from tfcaps.layers import CapsuleDense, CapsuleLength
from tfcaps.registry import Registry

Shape = tuple[int, int, int]

MODELS: Registry[Callable[..., Any]] = Registry("model")


def build(name: str, input_shape: Sequence[int] | None = None, num_classes: int | None = None, **options: Any) -> Any:
    """Build a ready capsule network.

    Args:
        name: One of the names in `MODELS`: capsnet, micro, q7_cifar10, q7_mnist, q7_smallnorb, tiny.
        input_shape: Images (H, W, C); the paper's if left out.
        num_classes: Classes J; the paper's if left out.
        **options: Options of that family. All take ``routing``, a name or a `tfcaps.routing.Routing`; ``capsnet``
            takes ``decoder``.

    Returns:
        An uncompiled functional ``keras.Model`` from images [B, H, W, C] in [0, 1] to lengths [B, J], float32 unless
        a mixed-precision policy is set.

    Raises:
        ModelError: For an option the family does not have, a shape that is not (H, W, C), or images that are smaller
            than the kernels.
        TfcapsError: For a name or a routing that does not exist.

    Example:
        >>> build("tiny").count_params()
        9632
    """
    family = MODELS[name]
    known = [p for p in inspect.signature(family).parameters if p not in ("input_shape", "num_classes")]
    unknown = sorted(set(options) - set(known))
    if unknown:
        raise ModelError(f"model {name!r} has no option {unknown[0]!r}: expected one of {', '.join(known)}")
    if input_shape is not None:
        options["input_shape"] = input_shape
    if num_classes is not None:
        options["num_classes"] = num_classes
    return family(**options)


def image_input(
    name: str, input_shape: Sequence[int], num_classes: int, kernels: Sequence[tuple[int, int]]
) -> tuple[Any, Shape]:
    """The checked input of a model.

    Args:
        name: Of the model, for messages.
        input_shape: (H, W, C).
        num_classes: Classes.
        kernels: (size, stride) of its valid convolutions from the first to the last.

    Returns:
        The Keras input and the shape as a tuple of integers.

    Raises:
        ModelError: If the shape is not (H, W, C), there is no class, or the image is smaller than the kernels need.
    """
    shape = tuple(input_shape) if isinstance(input_shape, (list, tuple)) else ()
    if len(shape) != 3 or not all(isinstance(n, int) and n > 0 for n in shape):
        raise ModelError(f"model {name!r}: expected input_shape to be (height, width, channels), got {input_shape!r}")
    if not isinstance(num_classes, int) or num_classes < 1:
        raise ModelError(f"model {name!r}: expected num_classes to be a positive integer, got {num_classes!r}")
    smallest = 1
    for size, stride in reversed(kernels):
        smallest = (smallest - 1) * stride + size
    if min(shape[:2]) < smallest:
        raise ModelError(
            f"model {name!r}: needs images of at least {smallest}x{smallest}, got {shape[0]}x{shape[1]}: "
            "use larger images or a smaller model"
        )
    return keras.Input(shape, name="image"), shape


def class_capsules(u: Any, num_classes: int, dim: int, routing: Any, **options: Any) -> tuple[Any, Any]:
    """The end of every model: capsules u [B, I, K] to class capsules v [B, J, dim] and their lengths [B, J]."""
    v = CapsuleDense(num_classes, dim, routing=routings.get(routing), name="class_caps", **options)(u)
    return v, CapsuleLength(name="lengths")(v)
