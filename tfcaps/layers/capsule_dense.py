"""`CapsuleDense`: votes and routing, the fully connected capsule layer."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from tfcaps import routing as routings
from tfcaps._keras import keras
from tfcaps.errors import ModelError
from tfcaps.layers.base import CapsuleOp


@keras.saving.register_keras_serializable("tfcaps")
class CapsuleDense(CapsuleOp):
    """Every input capsule votes for every output capsule; a routing turns votes into capsules (Sabour et al. 2017).

    The kernel has rank 2, [I*K, J*D]: row block i and column block j hold the transformation matrix W_ij. tfmot works
    on it as it is: ``block_size=(K, D)`` prunes whole transformations, 2:4 sparsity falls on the input dimension, and
    its per-axis quantiser gives one scale a (j, d).

    Args:
        num_capsules: Output capsules J.
        dim: Dimension D of each.
        routing: A name, a config or a `tfcaps.routing.Routing`.
        use_bias: Learn a bias [J, D], added to the weighted sums before the squash.
        kernel_initializer: Default normal(0.1): Glorot on this shape leaves all lengths near zero and the loss stuck.
        bias_initializer: Default 0.1, as in the authors' code.
        kernel_regularizer: A Keras regulariser.
        kernel_constraint: A Keras constraint.

    Call arguments:
        inputs: Capsules u, [B, I, K], float; I and K fixed.

    Returns:
        Capsules v, [B, J, D].

    Raises:
        ModelError: For sizes that are not positive or an input that is not [B, I, K].

    Example:
        >>> layer = CapsuleDense(10, 16)
        >>> layer(tf.zeros([2, 1152, 8])).shape
        TensorShape([2, 10, 16])
    """

    def __init__(
        self,
        num_capsules: int,
        dim: int,
        routing: Any = "dynamic",
        use_bias: bool = False,
        kernel_initializer: Any = None,
        bias_initializer: Any = None,
        kernel_regularizer: Any = None,
        kernel_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if num_capsules < 1 or dim < 1:
            raise ModelError(f"CapsuleDense {self.name!r}: expected positive sizes, got {num_capsules=}, {dim=}")
        self.num_capsules = int(num_capsules)
        self.dim = int(dim)
        self.routing = routings.get(routing)
        self.use_bias = bool(use_bias)
        self.kernel_initializer = keras.initializers.get(
            keras.initializers.RandomNormal(stddev=0.1) if kernel_initializer is None else kernel_initializer
        )
        self.bias_initializer = keras.initializers.get(
            keras.initializers.Constant(0.1) if bias_initializer is None else bias_initializer
        )
        self.kernel_regularizer = keras.regularizers.get(kernel_regularizer)
        self.kernel_constraint = keras.constraints.get(kernel_constraint)
        # Quantisation-aware training replaces these five by fake quantisers; see `tfcaps.routing.Taps`.
        self.tap_votes = self.tap_logits = self.tap_couplings = self.tap_sums = self.tap_poses = (
            keras.activations.linear
        )

    def build(self, input_shape: Any) -> None:
        """Create kernel [I*K, J*D] and bias [J, D]."""
        shape = tuple(input_shape)
        if len(shape) != 3 or shape[1] is None or shape[2] is None:
            raise ModelError(
                f"CapsuleDense {self.name!r}: expected capsules [batch, I, K] with fixed I and K, got {shape}"
            )
        self.kernel = self.add_weight(
            name="kernel",
            shape=(int(shape[1]) * int(shape[2]), self.num_capsules * self.dim),
            initializer=self.kernel_initializer,
            regularizer=self.kernel_regularizer,
            constraint=self.kernel_constraint,
            trainable=True,
        )
        self.bias = None
        if self.use_bias:
            self.bias = self.add_weight(
                name="bias", shape=(self.num_capsules, self.dim), initializer=self.bias_initializer, trainable=True
            )
        super().build(input_shape)

    def votes(self, inputs: tf.Tensor) -> tf.Tensor:
        """Votes û_ij = u_i W_ij: [B, I, K] -> [B, J, I, D]."""
        count, input_dim = int(inputs.shape[1]), int(inputs.shape[2])
        kernel = tf.cast(tf.convert_to_tensor(self.kernel), inputs.dtype)
        kernel = tf.reshape(kernel, [count, input_dim, self.num_capsules * self.dim])
        # One batched product over the input capsules: several times faster than a map over the batch.
        votes = tf.matmul(tf.transpose(inputs, [1, 0, 2]), kernel)
        return tf.transpose(tf.reshape(votes, [count, -1, self.num_capsules, self.dim]), [1, 2, 0, 3])

    def route(self, inputs: tf.Tensor, return_couplings: bool = False) -> Any:
        """Capsules v [B, J, D] and, if asked, the last couplings [B, J, I], of input capsules [B, I, K]."""
        taps = routings.Taps(self.tap_votes, self.tap_logits, self.tap_couplings, self.tap_sums, self.tap_poses)
        bias = None if self.bias is None else tf.convert_to_tensor(self.bias)
        return self.routing(self.votes(inputs), bias=bias, return_couplings=return_couplings, taps=taps)

    def compute(self, inputs: tf.Tensor) -> tf.Tensor:
        """Votes and routing."""
        return self.route(inputs)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """[B, J, D]."""
        return (input_shape[0], self.num_capsules, self.dim)

    def get_prunable_weights(self) -> list[Any]:
        """The kernel; a bias is never pruned."""
        return [self.kernel]

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, serialised."""
        return {
            **super().get_config(),
            "num_capsules": self.num_capsules,
            "dim": self.dim,
            "routing": routings.serialize(self.routing),
            "use_bias": self.use_bias,
            "kernel_initializer": keras.initializers.serialize(self.kernel_initializer),
            "bias_initializer": keras.initializers.serialize(self.bias_initializer),
            "kernel_regularizer": keras.regularizers.serialize(self.kernel_regularizer),
            "kernel_constraint": keras.constraints.serialize(self.kernel_constraint),
        }
