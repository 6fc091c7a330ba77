"""What the graph must know about a kind of layer or operation, and the registry of who knows it.

    @rule_for(keras.layers.Dense)
    class DenseRule(Rule): ...

A rule says how labels travel through one call (`trace`), and what of the layer's config (`config`) or of the call's
arguments (`arguments`) changes when labels go. What it cannot see through it says by raising `Obstacle`: everything
that leads there is then frozen with that reason.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from tfcaps._keras import LEGACY
from tfcaps.pruning.graph import walk
from tfcaps.pruning.graph.labels import Array, Labels, Obstacle, Shape

if TYPE_CHECKING:
    from tfcaps.pruning.graph.trace import Trace


class Cut(Protocol):
    """Which labels go; what a rule asks when a layer is built again."""

    def kept(self, labels: Array) -> np.ndarray:
        """For each label whether it stays, bool."""

    def along(self, labels: Labels, axis: int) -> np.ndarray:
        """For each position on the axis along which a tensor's labels differ whether it stays, bool."""

    def shape(self, labels: Labels) -> Shape:
        """The shape of a tensor after the cut, without the batch."""


class Call:
    """One call of a layer while labels travel through the model.

    Attributes:
        layer: The layer or operation.
        path: Its name, behind those of the models it is nested in.
        args: Positional arguments, with Keras tensors in them.
        kwargs: Keyword arguments, likewise.
        inputs: Labels of all Keras tensors in the arguments, in order.
        output_shapes: Shapes of the results without the batch.
        outputs: Labels of the results, once traced.
    """

    def __init__(self, trace: Trace, node: walk.Node, path: str, labels: dict[int, Labels]) -> None:
        self.layer, self.path, self.args, self.kwargs = node.layer, path, node.args, node.kwargs
        self.inputs = [labels[id(tensor)] for tensor in walk.tensors((self.args, list(self.kwargs.values())))]
        self.output_shapes = [walk.shape(tensor) for tensor in node.outputs]
        self.outputs: list[Labels] = []
        self._trace, self._labels = trace, labels

    def of(self, value: Any) -> Labels | None:
        """The labels of an argument, or None if it is no Keras tensor."""
        return self._labels[id(value)] if walk.is_tensor(value) else None

    def arguments(self) -> dict[str, Any]:
        """The call's arguments by the parameters' names, defaults included."""
        bound = self._bound()
        bound.apply_defaults()
        return dict(bound.arguments)

    def with_arguments(self, changes: dict[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """The call's arguments with some of them replaced."""
        bound = self._bound()
        bound.arguments.update(changes)
        return bound.args, bound.kwargs

    def _bound(self) -> inspect.BoundArguments:
        function = self.layer.function if hasattr(self.layer, "symbol") else self.layer.call
        return inspect.signature(function).bind(*self.args, **self.kwargs)

    def option(self, name: str) -> Any:
        """An argument of the call, or else an attribute of the operation: Keras 3 keeps most options there."""
        arguments = self.arguments()
        return arguments[name] if name in arguments else getattr(self.layer, name)

    def makes(self, count: int, slot: str = "out") -> Array:
        """The labels of `count` channels that the layer makes; the same in all of its calls."""
        return self._trace.sets.new((id(self.layer), slot), count)

    def output(self, array: Array, *, zero: bool = False, index: int = 0) -> Labels:
        """The labels of a result; `array` is padded with axes of length 1 on the left."""
        shape = self.output_shapes[index]
        if array.ndim > len(shape):
            raise Obstacle("its result has fewer axes than its input")
        return Labels(shape, array.reshape((1,) * (len(shape) - array.ndim) + array.shape), zero)

    def on_axis(self, labels: Array, axis: int = -1, *, zero: bool = False) -> Labels:
        """The labels of the result if they differ along one axis only."""
        rank = len(self.output_shapes[0])
        return self.output(labels.reshape([-1 if a == axis % rank else 1 for a in range(rank)]), zero=zero)

    def merge(self, a: Array, b: Array) -> None:
        """Cut `a` and `b`, broadcast against each other, together."""
        self._trace.sets.merge(a, b)

    def canonical(self, labels: Labels) -> Labels:
        """The labels after all that has been merged so far."""
        return self._trace.sets.canonical(labels)

    def freeze(self, labels: Labels | Array, reason: str) -> None:
        """Nothing of `labels` may be cut."""
        self._trace.sets.freeze(labels.array if isinstance(labels, Labels) else labels, reason)

    def frozen(self, labels: Labels) -> str | None:
        """Why a tensor that is frozen as a whole, such as the model's input, cannot be cut."""
        roots = self.canonical(labels).array
        return self._trace.sets.reason(int(roots.flat[0])) if roots.size == 1 else None

    def weight(self, name: str, axis: int, labels: Array, role: str, *, silent: bool = False) -> None:
        """One axis of a weight carries labels.

        Args:
            name: The weight's attribute on the layer; of a layer in it with dots, ``"cell.kernel"``.
            axis: Which of its axes.
            labels: One for each position on it.
            role: ``"out"`` (the weight makes the channels), ``"in"`` (reads them) or ``"both"`` (one number each).
            silent: Whether a weight that makes channels must be zero in the masked model, so that removed ones are
                exactly zero there.
        """
        self._trace.add_weight(self, name, axis, labels, role, silent)


class Rule:
    """How labels travel through one kind of layer. Subclasses implement `trace` and, if need be, the other two.

    Attributes:
        reads_sizes: Whether it can be asked about a tensor that is the shape of another one.
    """

    reads_sizes = False

    def trace(self, call: Call) -> Labels | list[Labels]:
        """The labels of the call's results.

        Raises:
            Obstacle: If nothing may be cut before this call.
        """
        raise NotImplementedError

    def config(self, call: Call, cut: Cut) -> dict[str, Any]:
        """The entries of the layer's config that a cut changes, with their new values."""
        return {}

    def arguments(self, call: Call, cut: Cut) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """The call's arguments after a cut; Keras tensors stay as they are."""
        return call.args, call.kwargs

    @property
    def resizes(self) -> bool:
        """Whether a cut changes the layer's config, so that all calls of the layer must agree on what is cut."""
        return type(self).config is not Rule.config


class OperationRule(Rule):
    """A rule for a raw operation: what a cut changes may be an argument of the call or an option of the operation."""

    def changes(self, call: Call, cut: Cut) -> dict[str, Any]:
        """What a cut changes, by the name that it has in this flavour of Keras."""
        return {}

    def config(self, call: Call, cut: Cut) -> dict[str, Any]:
        """See `Rule.config`."""
        return {k: v for k, v in self.changes(call, cut).items() if k not in call.arguments()}

    def arguments(self, call: Call, cut: Cut) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """See `Rule.arguments`."""
        changes = {k: v for k, v in self.changes(call, cut).items() if k in call.arguments()}
        return call.with_arguments(changes) if changes else (call.args, call.kwargs)


_LAYERS: dict[Any, Rule] = {}
_OPERATIONS: dict[str, Rule] = {}


def rule_for(*kinds: type | None) -> Callable[[type[Rule]], type[Rule]]:
    """A decorator that registers a rule for layer classes (None, a class that this Keras lacks, is passed over).

    It also serves a subclass that inherits `call` and `build`.
    """

    def enter(rule: type[Rule]) -> type[Rule]:
        _LAYERS.update({kind: rule() for kind in kinds if kind is not None})
        return rule

    return enter


def rule_for_operations(tf: tuple[str, ...] = (), keras: tuple[str, ...] = ()) -> Callable[[type[Rule]], type[Rule]]:
    """A decorator that registers a rule for raw operations.

    Args:
        tf: TensorFlow symbols without ``tf.``, as tf_keras names them: ``"math.reduce_mean"``.
        keras: Class names of Keras 3 operations: ``"Mean"``.
    """

    def enter(rule: type[Rule]) -> type[Rule]:
        _OPERATIONS.update({name: rule() for name in (tf if LEGACY else keras)})
        return rule

    return enter


def find_rule(layer: Any) -> Rule | None:
    """The rule for a layer or operation, or None."""
    kind: Any = type(layer)
    if LEGACY and kind.__name__ in ("TFOpLambda", "SlicingOpLambda"):
        return _OPERATIONS.get(str(layer.symbol).removeprefix("compat.v1."))
    if not LEGACY and kind.__module__.startswith("keras.src.ops."):
        return _OPERATIONS.get(kind.__name__)
    for base in kind.__mro__:
        if base in _LAYERS:
            return _LAYERS[base] if (kind.call, kind.build) == (base.call, base.build) else None
    return None


def describe(layer: Any) -> str:
    """A layer or operation in a message."""
    return f"{type(layer).__name__} {layer.name!r}"


__all__ = [
    "Call",
    "Cut",
    "Obstacle",
    "OperationRule",
    "Rule",
    "describe",
    "find_rule",
    "rule_for",
    "rule_for_operations",
]
