"""Dynamic routing by agreement (Sabour, Frosst, Hinton 2017, procedure 1)."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from tfcaps.errors import TfcapsError
from tfcaps.routing.base import ROUTINGS, Routing, Taps
from tfcaps.routing.squash import squash


@ROUTINGS.register("dynamic")
class Dynamic(Routing):
    """Routing by agreement: b = 0; repeat: c = softmax_j(b), s = Σ_i c û, v = squash(s), b += û·v.

    Args:
        iterations: Routing iterations r, 1 to 16 (the paper uses 3). The last update of b is not computed, as nothing
            reads it.
        leaky: One more logit, zero, for "none of the output capsules"; the couplings of an input capsule then sum to
            less than one.
        detach_inner: Let gradients flow through the last iteration only.

    Raises:
        TfcapsError: If `iterations` is out of range.
    """

    name = "dynamic"

    def __init__(self, iterations: int = 3, leaky: bool = False, detach_inner: bool = False) -> None:
        if not isinstance(iterations, int) or not 1 <= iterations <= 16:
            raise TfcapsError(f"Expected routing iterations to be 1 to 16, got {iterations!r}")
        self.iterations = iterations
        self.leaky = bool(leaky)
        self.detach_inner = bool(detach_inner)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {"iterations": self.iterations, "leaky": self.leaky, "detach_inner": self.detach_inner}

    def route(self, votes: tf.Tensor, bias: tf.Tensor | None, taps: Taps) -> tuple[tf.Tensor, tf.Tensor]:
        """See `Routing.route`."""
        votes = taps.votes(votes)
        inner = tf.stop_gradient(votes) if self.detach_inner else votes
        logits = None
        for iteration in range(self.iterations):
            last = iteration == self.iterations - 1
            seen = votes if last else inner
            couplings = None if logits is None else taps.couplings(self._softmax(taps.logits(logits)))
            s = self._uniform_sum(seen) if couplings is None else tf.matmul(couplings[:, :, None, :], seen)[:, :, 0]
            if bias is not None:
                s += bias
            v = squash(taps.sums(s))
            if not last:
                # Matrix products keep the [B, J, I, D] votes where they are; a multiply and reduce would copy them.
                agreement = tf.matmul(inner, taps.poses(v)[..., None])[..., 0]
                logits = agreement if logits is None else logits + agreement
        if couplings is None:
            couplings = tf.fill(tf.shape(votes)[:3], tf.cast(1.0 / self._outcomes(votes), votes.dtype))
        return v, couplings

    def _outcomes(self, votes: tf.Tensor) -> int:
        return int(votes.shape[1]) + int(self.leaky)

    def _uniform_sum(self, votes: tf.Tensor) -> tf.Tensor:
        """The first iteration: all logits are zero, so every coupling is the same and no softmax is needed."""
        return tf.reduce_sum(votes, axis=2) / self._outcomes(votes)

    def _softmax(self, logits: tf.Tensor) -> tf.Tensor:
        if not self.leaky:
            return tf.nn.softmax(logits, axis=1)
        none = tf.zeros_like(logits[:, :1])
        return tf.nn.softmax(tf.concat([none, logits], axis=1), axis=1)[:, 1:]
