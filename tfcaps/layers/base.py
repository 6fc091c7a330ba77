"""The base of layers that become one custom operator, and the hook through which others look at them.

Conversion has to replace such a layer by an operator and calibration has to see what goes in and out of it, whatever
kind of model it sits in (functional, nested, subclassed, shared, wrapped by tfmot). So the layer itself offers the
place: inside ``with intercept(hook)`` every call goes through ``hook(layer, inputs, compute)``.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from typing import Any

import tensorflow as tf

from tfcaps._keras import keras
from tfcaps.errors import ModelError

Hook = Callable[["CapsuleOp", tf.Tensor, Callable[[tf.Tensor], tf.Tensor]], tf.Tensor]
_hook: ContextVar[Hook | None] = ContextVar("tfcaps_hook", default=None)


@contextlib.contextmanager
def intercept(hook: Hook) -> Iterator[None]:
    """Within the block, calls of `CapsuleOp` layers return ``hook(layer, inputs, compute)``."""
    token = _hook.set(hook)
    try:
        yield
    finally:
        _hook.reset(token)


class CapsuleOp(keras.layers.Layer):
    """A layer that becomes one custom operator of a .tflite. Subclasses implement `compute`."""

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """`compute`, or whatever the hook of `intercept` makes of it."""
        hook = _hook.get()
        return self.compute(inputs) if hook is None else hook(self, inputs, self.compute)

    def compute(self, inputs: tf.Tensor) -> tf.Tensor:
        """The layer's mathematics."""
        raise NotImplementedError

    def get_prunable_weights(self) -> list[Any]:
        """Weights that tfmot may prune; without this method tfmot refuses the whole model."""
        return []


class CapsuleWise(CapsuleOp):
    """An operator on each capsule alone: the last axis of its input [B, ..., D] is a capsule.

    Raises:
        ModelError: When built on an input without a capsule axis of a fixed size.
    """

    def build(self, input_shape: Any) -> None:
        """Check the capsule axis."""
        shape = tuple(input_shape)
        if len(shape) < 2 or shape[-1] is None:
            kind = type(self).__name__
            raise ModelError(f"{kind} {self.name!r}: expected capsules [batch, ..., dim] with a fixed dim, got {shape}")
        super().build(input_shape)
