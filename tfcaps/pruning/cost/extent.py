"""The size of a dimension as a function of which channels are kept."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Extent:
    """Positions along an axis, some of which go when an item of a group goes.

    Attributes:
        fixed: Positions that always stay.
        parts: (group, positions): how many positions each item of that group has here, int64 [size].
    """

    fixed: int
    parts: tuple[tuple[str, NDArray[np.int64]], ...]

    def of_keep(self, keep: Mapping[str, Any]) -> int:
        """Its size if the items in `keep` stay: a boolean array [size] for each group that is cut."""
        found = self.fixed
        for group, positions in self.parts:
            mask = keep.get(group)
            found += int(positions.sum() if mask is None else positions[mask].sum())
        return found

    def of_counts(self, counts: Mapping[str, int]) -> int:
        """Its size if so many items of each group stay, those of most positions: no other choice is larger."""
        found = self.fixed
        for (group, positions), sums in zip(self.parts, self._sums, strict=True):
            found += int(sums[counts.get(group, len(positions))])
        return found

    @functools.cached_property
    def _sums(self) -> list[NDArray[np.int64]]:
        """By part: how many positions n items have at most."""
        return [np.concatenate([[0], np.cumsum(np.sort(positions)[::-1])]) for _, positions in self.parts]


Dim = int | Extent
Dims = tuple[Dim, ...]
