"""The capsule layer as it is commonly written: the same function as `CapsuleDense`, in other tensor operations."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from tfcaps._keras import keras
from tfcaps.layers import CapsuleDense
from tfcaps.routing import squash


def votes_by_map_fn(tiled: tf.Tensor, kernel: tf.Tensor) -> tf.Tensor:
    """A matrix product of each image, mapped over the batch; [B, J, I, K] -> [B, J, I, D]."""
    return tf.map_fn(lambda image: tf.matmul(kernel, image[..., None]), tiled)[..., 0]


def votes_by_einsum(tiled: tf.Tensor, kernel: tf.Tensor) -> tf.Tensor:
    """One sum over indices; [B, J, I, K] -> [B, J, I, D]."""
    return tf.einsum("bjik,jidk->bjid", tiled, kernel)


def route_elementwise(votes: tf.Tensor, iterations: int) -> tf.Tensor:
    """Products of tensors of the votes' shape, then sums; logits start as a tensor of zeros."""
    logits = tf.zeros_like(votes[..., 0])
    for iteration in range(iterations):
        couplings = tf.nn.softmax(logits, axis=1)
        v = squash(tf.reduce_sum(couplings[..., None] * votes, axis=2))
        if iteration < iterations - 1:
            logits += tf.reduce_sum(votes * v[:, :, None, :], axis=-1)
    return v


def route_batch_dot(votes: tf.Tensor, iterations: int) -> tf.Tensor:
    """Both sums as batched products."""
    logits = tf.zeros_like(votes[..., 0])
    for iteration in range(iterations):
        couplings = tf.nn.softmax(logits, axis=1)
        v = squash(tf.matmul(couplings[:, :, None, :], votes)[:, :, 0])
        if iteration < iterations - 1:
            logits += tf.matmul(votes, v[..., None])[..., 0]
    return v


# Name: how votes are made, and how they are routed.
FORMULATIONS: dict[str, tuple[Callable[..., tf.Tensor], Callable[..., tf.Tensor]]] = {
    "map_fn": (votes_by_map_fn, route_elementwise),
    "map_fn, batch_dot": (votes_by_map_fn, route_batch_dot),
    "tile, einsum": (votes_by_einsum, route_elementwise),
}
OURS = "tfcaps"


class CopiedCapsules(CapsuleDense):
    """A `CapsuleDense` that computes as `formulation` does, on a kernel [J, I, D, K].

    Args:
        formulation: A key of `FORMULATIONS`.
        **kwargs: See `CapsuleDense`.
    """

    def __init__(self, formulation: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.make_votes, self.route_votes = FORMULATIONS[formulation]

    def build(self, input_shape: Any) -> None:
        _, count, depth = input_shape
        self.kernel = self.add_weight(
            name="kernel",
            shape=(self.num_capsules, int(count), self.dim, int(depth)),
            initializer=self.kernel_initializer,
        )
        self.bias = None
        keras.layers.Layer.build(self, input_shape)

    def compute(self, inputs: tf.Tensor) -> tf.Tensor:
        tiled = tf.tile(inputs[:, None], [1, self.num_capsules, 1, 1])
        return self.route_votes(
            self.make_votes(tiled, tf.convert_to_tensor(self.kernel)), iterations=self.routing.iterations
        )


def in_formulation(layer: CapsuleDense, formulation: str) -> CapsuleDense:
    """A layer like `layer` that computes as `formulation` does."""
    config = layer.get_config()
    return CapsuleDense.from_config(config) if formulation == OURS else CopiedCapsules(formulation, **config)


def copy_kernel(source: CapsuleDense, target: CapsuleDense) -> None:
    """Give `target` the weights of `source`, an ordinary `CapsuleDense`."""
    (kernel,) = source.get_weights()
    if isinstance(target, CopiedCapsules):
        columns = kernel.reshape(*(target.kernel.shape[n] for n in (1, 3, 0, 2)))  # [I, K, J, D]
        kernel = columns.transpose(2, 0, 3, 1)
    target.set_weights([kernel])
