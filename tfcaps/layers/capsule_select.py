"""`CapsuleSelect`: some of the capsules, the others dropped."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from tfcaps._keras import keras
from tfcaps.errors import ModelError


@keras.saving.register_keras_serializable("tfcaps")
class CapsuleSelect(keras.layers.Layer):
    """Keep single capsules, by number.

    Capsules [B, I, K] lie in memory one after the other, so that on a device this is a copy of what is kept, in place;
    the stock converter makes a GATHER of it.

    Args:
        indices: Which capsules stay, in rising order.

    Call arguments:
        inputs: Capsules [B, I, K].

    Returns:
        The chosen ones, [B, len(indices), K].

    Raises:
        ModelError: For no indices, indices out of order, or more than there are capsules.
    """

    def __init__(self, indices: Sequence[int], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.indices = [int(index) for index in indices]
        if not self.indices or self.indices[0] < 0 or self.indices != sorted(set(self.indices)):
            raise ModelError(
                f"CapsuleSelect {self.name!r}: expected indices from 0 on in rising order, got {indices!r}"
            )

    def build(self, input_shape: Any) -> None:
        """Check that there are such capsules."""
        shape = tuple(input_shape)
        if len(shape) != 3 or shape[1] is None or self.indices[-1] >= shape[1]:
            raise ModelError(
                f"CapsuleSelect {self.name!r}: expected capsules [batch, at least {self.indices[-1] + 1}, dim], got "
                f"{shape}"
            )
        super().build(input_shape)

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """Take them."""
        return tf.gather(inputs, self.indices, axis=1)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """[B, len(indices), K]."""
        return (input_shape[0], len(self.indices), input_shape[2])

    def get_prunable_weights(self) -> list[Any]:
        """None."""
        return []

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "indices": list(self.indices)}
