"""The capsule layer as it is commonly written, and one more way: the function of `CapsuleDense` in other operations."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from tfcaps._keras import keras
from tfcaps.layers import CapsuleDense
from tfcaps.routing import squash

# (u [B, I, K], kernel [J, I, D, K], iterations) to v [B, J, D].
Formulation = Callable[[tf.Tensor, tf.Tensor, int], tf.Tensor]


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


def copied(votes: Callable[..., tf.Tensor], route: Callable[..., tf.Tensor]) -> Formulation:
    """Tile the input capsules, one copy an output capsule, make votes of them and route those."""

    def capsules(u: tf.Tensor, kernel: tf.Tensor, iterations: int) -> tf.Tensor:
        return route(votes(tf.tile(u[:, None], [1, kernel.shape[0], 1, 1]), kernel), iterations)

    return capsules


def without_votes(u: tf.Tensor, kernel: tf.Tensor, iterations: int) -> tf.Tensor:
    """Votes are never made: capsules times couplings, then the kernel; the kernel times v, then capsules.

    More multiplications and half the memory: quicker than `CapsuleDense` on the largest layer, slower on smaller ones.
    """
    count, depth = int(u.shape[1]), int(u.shape[2])
    matrices = tf.reshape(tf.transpose(kernel, [0, 1, 3, 2]), [kernel.shape[0], count * depth, kernel.shape[2]])
    couplings = tf.fill([matrices.shape[0], tf.shape(u)[0], count], 1 / matrices.shape[0])
    total = tf.zeros([matrices.shape[0], 1, matrices.shape[2]])
    for iteration in range(iterations):
        scaled = tf.reshape(couplings[..., None] * u, [matrices.shape[0], -1, count * depth])
        v = squash(tf.matmul(scaled, matrices))  # [J, B, D]
        if iteration < iterations - 1:
            total += v
            pulled = tf.reshape(tf.matmul(total, matrices, transpose_b=True), [matrices.shape[0], -1, count, depth])
            couplings = tf.nn.softmax(tf.reduce_sum(pulled * u, axis=-1), axis=0)
    return tf.transpose(v, [1, 0, 2])


FORMULATIONS: dict[str, Formulation] = {
    "map_fn": copied(votes_by_map_fn, route_elementwise),
    "map_fn, batch_dot": copied(votes_by_map_fn, route_batch_dot),
    "tile, einsum": copied(votes_by_einsum, route_elementwise),
    "without votes": without_votes,
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
        self.capsules = FORMULATIONS[formulation]

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
        return self.capsules(inputs, tf.convert_to_tensor(self.kernel), self.routing.iterations)


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
