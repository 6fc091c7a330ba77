"""What a routing algorithm is: a pure tensor function from votes to output capsules, with a name and a config."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import tensorflow as tf

from tfcaps.errors import TfcapsError
from tfcaps.registry import Registry

ROUTINGS: Registry[type[Routing]] = Registry("routing")


def _identity(x: tf.Tensor) -> tf.Tensor:
    return x


@dataclass(frozen=True)
class Taps:
    """Functions applied to the inner tensors of a routing; quantisation-aware training puts its quantisers here.

    Attributes:
        votes: Applied to the votes, [B, J, I, D].
        logits: Applied to the routing logits, [B, J, I], every time before the softmax.
        couplings: Applied to the couplings, [B, J, I].
        sums: Applied to the weighted sums s, [B, J, D], before the squash.
        poses: Applied to v, [B, J, D], of every iteration but the last (the last is the layer's output).
    """

    votes: Callable[[tf.Tensor], tf.Tensor] = _identity
    logits: Callable[[tf.Tensor], tf.Tensor] = _identity
    couplings: Callable[[tf.Tensor], tf.Tensor] = _identity
    sums: Callable[[tf.Tensor], tf.Tensor] = _identity
    poses: Callable[[tf.Tensor], tf.Tensor] = _identity


NO_TAPS = Taps()


class Routing:
    """Base of the routing algorithms.

    A subclass implements `route`, returns its constructor arguments from `get_config` and registers itself with
    ``@ROUTINGS.register("name")``. It holds no variables: one object may serve many layers.
    """

    name: ClassVar[str]

    def __call__(
        self,
        votes: tf.Tensor,
        *,
        bias: tf.Tensor | None = None,
        return_couplings: bool = False,
        taps: Taps = NO_TAPS,
    ) -> tf.Tensor | tuple[tf.Tensor, tf.Tensor]:
        """Route votes to output capsules.

        Half-precision votes are routed in float32 and the result is cast back.

        Args:
            votes: Votes of I input capsules for J output capsules, [B, J, I, D], float.
            bias: Added to the weighted sums before the squash, [J, D].
            return_couplings: Also return the couplings of the last iteration.
            taps: Functions applied to the inner tensors.

        Returns:
            Output capsules v, [B, J, D], of the dtype of `votes`; with `return_couplings` the pair (v, couplings), the
            couplings as [B, J, I].

        Raises:
            TfcapsError: If the votes are not of rank 4.
        """
        votes = tf.convert_to_tensor(votes)
        if votes.shape.rank != 4:
            raise TfcapsError(f"Expected votes to be of shape [batch, J, I, D], got {votes.shape}")
        dtype = votes.dtype
        wide = tf.float64 if dtype == tf.float64 else tf.float32
        if bias is not None:
            bias = tf.cast(bias, wide)
        v, couplings = self.route(tf.cast(votes, wide), bias, taps)
        v, couplings = tf.cast(v, dtype), tf.cast(couplings, dtype)
        return (v, couplings) if return_couplings else v

    def route(self, votes: tf.Tensor, bias: tf.Tensor | None, taps: Taps) -> tuple[tf.Tensor, tf.Tensor]:
        """The algorithm: votes [B, J, I, D] in float32 or float64 to (v [B, J, D], couplings [B, J, I])."""
        raise NotImplementedError

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {}

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and self.get_config() == other.get_config()  # type: ignore[attr-defined]

    def __hash__(self) -> int:
        return hash((type(self), tuple(sorted(self.get_config().items()))))

    def __repr__(self) -> str:
        arguments = ", ".join(f"{k}={v!r}" for k, v in self.get_config().items())
        return f"{type(self).__name__}({arguments})"


def get(identifier: str | dict[str, Any] | Routing) -> Routing:
    """A routing from its name, its serialised form or itself.

    Raises:
        TfcapsError: If there is no such routing, or it has no such argument.
    """
    if isinstance(identifier, Routing):
        return identifier
    if isinstance(identifier, str):
        return ROUTINGS[identifier]()
    if isinstance(identifier, dict) and "name" in identifier:
        routing = ROUTINGS[identifier["name"]]
        try:
            return routing(**identifier.get("config", {}))
        except TypeError as error:
            raise TfcapsError(f"routing {identifier['name']!r}: {error}") from None
    raise TfcapsError(f"Expected routing to be a name, a config or a Routing, got {identifier!r}")


def serialize(routing: Routing) -> dict[str, Any]:
    """The form that `get` reads back: a dict of plain values."""
    return {"name": routing.name, "config": routing.get_config()}
