"""Labels: which channel of which layer stands at each position of a tensor, and which of them live and die together.

Every channel that a layer makes gets a label, an integer. A tensor carries an array of labels, one for each position of
an example; an axis of length 1 means that the labels do not depend on that axis, so an image [B, H, W, C] has labels
[1, 1, C] and the same image flattened has [H*W*C]. Operations that need two channels to be cut together merge their
labels, a union of disjoint sets; operations that nothing may be cut before freeze them, with the reason.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

Shape = tuple[int | None, ...]
Array = NDArray[np.int64]


class Obstacle(Exception):  # noqa: N818  (not an error: the graph freezes what leads to it and goes on)
    """Why nothing may be cut before an operation."""


@dataclass(frozen=True)
class Labels:
    """The labels of a tensor.

    Attributes:
        shape: The tensor's shape without the batch; None for an open size.
        array: Of the same rank, each axis of the tensor's length or of length 1.
        zero: Whether a removed position is exactly zero in the masked model, so that a sum over it does not change.
    """

    shape: Shape
    array: Array
    zero: bool = False

    @property
    def varying(self) -> list[int]:
        """The axes along which the labels differ."""
        return [axis for axis, size in enumerate(self.array.shape) if size > 1]

    @property
    def is_size(self) -> bool:
        """Whether the tensor is the shape of another tensor, whose labels these are."""
        return self.array.ndim != len(self.shape)

    def along(self, axis: int) -> Array:
        """The labels along one axis, one for each position.

        Raises:
            Obstacle: If they also differ along another axis.
        """
        others = [other for other in self.varying if other != axis % len(self.shape)]
        if others:
            raise Obstacle(f"channels lie on axis {others[0] + 1} of its input")
        return np.broadcast_to(self.array.reshape(-1), (self.size(axis),))

    def size(self, axis: int) -> int:
        """The tensor's length along an axis.

        Raises:
            Obstacle: If it is open.
        """
        size = self.shape[axis]
        if size is None:
            raise Obstacle(f"axis {axis % len(self.shape) + 1} of its input has an open size")
        return size

    def full(self) -> Array:
        """One label for every position.

        Raises:
            Obstacle: If a size is open.
        """
        return np.broadcast_to(self.array, [self.size(axis) for axis in range(len(self.shape))])

    def with_array(self, shape: Shape, array: Array) -> Labels:
        """The labels after the positions have been moved, not changed."""
        return replace(self, shape=shape, array=array)


class LabelSets:
    """Disjoint sets of labels that are cut together, and the reasons why some cannot be cut at all."""

    def __init__(self) -> None:
        self._parent = np.arange(0)
        self._named: dict[Any, Array] = {}
        self._reasons: dict[int, str] = {}
        self.merges = 0

    def new(self, key: Any, count: int) -> Array:
        """`count` labels; the same ones whenever asked with the same key."""
        if key not in self._named:
            first = len(self._parent)
            self._named[key] = np.arange(first, first + count)
            self._parent = np.concatenate([self._parent, self._named[key]])
        return self._named[key]

    def roots(self, labels: Array) -> Array:
        """The label that stands for the set of each label."""
        roots = self._parent[labels]
        while not np.array_equal(roots, above := self._parent[roots]):
            roots = above
        return roots

    def merge(self, a: Array, b: Array) -> None:
        """Cut `a` and `b`, broadcast against each other, together."""
        a, b = np.broadcast_arrays(self.roots(a), self.roots(b))
        different = a != b
        for pair in np.unique(np.stack([a[different], b[different]], axis=-1), axis=0):
            low, high = sorted(int(root) for root in self.roots(pair))
            if low != high:
                self._parent[high] = low
                self.merges += 1
                if high in self._reasons:
                    self._reasons.setdefault(low, self._reasons.pop(high))

    def freeze(self, labels: Array, reason: str, *, instead: bool = False) -> None:
        """Nothing of `labels` may be cut; the first reason given stays, unless this one comes `instead`."""
        for root in np.unique(self.roots(labels)).tolist():
            self._reasons[root] = reason if instead else self._reasons.get(root, reason)

    def thaw(self) -> None:
        """Forget all reasons, to collect them again."""
        self._reasons.clear()

    def reason(self, root: int) -> str | None:
        """Why the set of a root cannot be cut."""
        return self._reasons.get(root)

    def canonical(self, labels: Labels) -> Labels:
        """The labels as roots, with length 1 on every axis that they do not depend on."""
        array = self.roots(labels.array)
        for axis in range(array.ndim):
            first = array.take([0], axis=axis) if array.shape[axis] else array
            if array.shape[axis] > 1 and np.all(array == first):
                array = first
        return replace(labels, array=array)
