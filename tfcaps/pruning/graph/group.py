"""What is cut together: groups of channels, and the axes of weights that carry them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tfcaps.pruning.graph.trace import variable


@dataclass(frozen=True, eq=False)
class Member:
    """One axis of a weight on which items of a group lie.

    Attributes:
        layer: The Keras layer.
        path: Its name, behind those of the models it is nested in: ``"encoder/conv1"``.
        weight: Name of the weight: kernel, bias, gamma, beta, moving_mean, moving_variance, depthwise_kernel,
            cell.recurrent_kernel, ...
        axis: Which of its axes.
        items: For each position on the axis the item of this group, int64, or -1 where the position belongs to
            another group or to none.
        role: ``"out"``: the weight makes the items; ``"in"``: it reads them; ``"both"``: it holds numbers for each.
        silent: Whether `mask` makes an ``"out"`` weight zero too, so that removed items are exactly zero from there on.
    """

    layer: Any
    path: str
    weight: str
    axis: int
    items: NDArray[np.int64]
    role: str
    silent: bool = False

    def value(self) -> np.ndarray:
        """The weight as it is now."""
        return np.asarray(variable(self.layer, self.weight))


@dataclass(frozen=True, eq=False)
class Group:
    """Channels that occur together in all tensors; any of its items can be cut, alone and everywhere at once.

    Attributes:
        name: The first layer that makes them, with a number if that layer makes several groups.
        size: Number of items. An item is one channel, or what has to go as one: a capsule type of dim channels, two
            channels that are added.
        frozen: Why nothing can be cut, or None.
        members: The axes of weights, in the order of the network.
        minimum: Items that must stay.
    """

    name: str
    size: int
    frozen: str | None
    members: tuple[Member, ...]
    minimum: int = 1

    @property
    def producers(self) -> tuple[Member, ...]:
        """The members that make the items."""
        return tuple(member for member in self.members if member.role == "out")

    @property
    def consumers(self) -> tuple[Member, ...]:
        """The members that read the items."""
        return tuple(member for member in self.members if member.role == "in")

    @property
    def prunable(self) -> bool:
        """Whether there is something that can be cut."""
        return self.frozen is None and self.size > self.minimum
