"""Where each buffer goes: the smallest arena that a search finds.

Buffers are put one after the other at the lowest offset that their neighbours leave free. Sorted by the offsets of an
optimal plan, that yields an optimal plan, so the search is one over orders: a few good ones, then random ones, and, for
graphs of few enough buffers, all of them with branch and bound. It ends as soon as the lower bound is reached, which
for a chain of layers is at once.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence

from tfcaps.planner.memory import Memory, aligned

_RANDOM_ORDERS = 200
_NODES = 20_000  # of the exact search: about a second

Interval = tuple[int, int]


def place(memory: Memory) -> list[int]:
    """The offset of every buffer, multiples of the alignment; the same for the same problem."""
    return _Search(memory).run()


def lower_bound(memory: Memory) -> int:
    """Bytes that no plan can do without: of the layer that needs most at once."""
    buffers = memory.buffers
    sizes = [aligned(buffer.size) for buffer in buffers]
    bound = 0
    for layer in range(1 + max((buffer.last for buffer in buffers), default=-1)):
        live = [n for n, buffer in enumerate(buffers) if buffer.first <= layer <= buffer.last]
        total = sum(sizes[n] for n in live)
        for target in live:
            found = ((n, memory.follow(n, target)) for n in live)
            sources = [(n, follow) for n, follow in found if follow is not None]
            if len(sources) == 1:
                n, follow = sources[0]
                joint = max(sizes[target], aligned(follow.lead) + sizes[n]) + max(0, -follow.lead)
                total -= max(0, sizes[target] + sizes[n] - joint)
            elif sources:
                total -= min(sizes[target], sum(sizes[n] for n, _ in sources))
        bound = max(bound, total)
    return bound


class _Search:
    def __init__(self, memory: Memory) -> None:
        self._buffers = memory.buffers
        count = len(self._buffers)
        self._sizes = [aligned(buffer.size) for buffer in self._buffers]
        # _taken[a][b]: intervals (open) in which the offset of b relative to that of a must not lie.
        self._taken: list[dict[int, list[Interval]]] = [{} for _ in range(count)]
        for a in range(count):
            for b in range(count):
                if a != b and self._buffers[a].meets(self._buffers[b]):
                    self._taken[a][b] = self._forbidden(memory, a, b)
        self._bound = lower_bound(memory)
        self._best: list[int] = []
        self._best_size = -1
        self._nodes = _NODES

    def _forbidden(self, memory: Memory, a: int, b: int) -> list[Interval]:
        low, high = -self._sizes[b], self._sizes[a]
        written, read = memory.follow(a, b), memory.follow(b, a)
        if written is not None and written.schedule:  # b is the output and may start lead bytes before a
            return [(-min(aligned(written.lead), self._sizes[b]), high)]
        if read is not None and read.schedule:
            return [(low, min(aligned(read.lead), self._sizes[a]))]
        if written is not None or read is not None:
            at = read.at if read is not None else -written.at if written is not None else 0
            return [(low, at), (at, high)]
        return [(low, high)]

    def run(self) -> list[int]:
        for order in self._orders():
            self._try(order)
            if self._best_size <= self._bound:
                return self._best
        self._branch([], {}, 0, 0)
        return self._best

    def _orders(self) -> Iterable[list[int]]:
        buffers, numbers = self._buffers, list(range(len(self._buffers)))
        yield sorted(numbers, key=lambda n: -self._sizes[n])
        yield sorted(numbers, key=lambda n: (buffers[n].first, -self._sizes[n]))
        yield sorted(numbers, key=lambda n: (-buffers[n].last, -self._sizes[n]))
        yield sorted(numbers, key=lambda n: (buffers[n].first - buffers[n].last, -self._sizes[n]))
        yield sorted(numbers, key=lambda n: -self._sizes[n] * (1 + buffers[n].last - buffers[n].first))
        shuffled, generator = sorted(numbers, key=lambda n: -self._sizes[n]), random.Random(0)
        for _ in range(_RANDOM_ORDERS):
            generator.shuffle(shuffled)
            yield shuffled

    def _try(self, order: Sequence[int]) -> None:
        offsets: dict[int, int] = {}
        for n in order:
            offsets[n] = self._lowest(n, offsets)
        self._keep(offsets)

    def _lowest(self, n: int, offsets: dict[int, int], offset: int = 0) -> int:
        """The lowest offset, not below a given one, that those placed already leave free."""
        taken = sorted(
            (other + low, other + high) for m, other in offsets.items() for low, high in self._taken[m].get(n, ())
        )
        for low, high in taken:
            if low < offset < high:
                offset = high
        return offset

    def _keep(self, offsets: dict[int, int]) -> None:
        size = max((offset + self._sizes[n] for n, offset in offsets.items()), default=0)
        if self._best_size < 0 or size < self._best_size:
            self._best_size = size
            self._best = [offsets[n] for n in range(len(self._buffers))]

    def _branch(self, order: list[int], offsets: dict[int, int], floor: int, size: int) -> None:
        """All orders in which offsets never fall; gives up when the budget is spent."""
        if len(order) == len(self._buffers):
            self._keep(offsets)
            return
        for n in sorted(set(range(len(self._buffers))) - offsets.keys(), key=lambda n: -self._sizes[n]):
            self._nodes -= 1
            if self._nodes < 0 or self._best_size <= self._bound:
                return
            offset = self._lowest(n, offsets, floor)
            top = max(size, offset + self._sizes[n])
            if top < self._best_size:
                offsets[n] = offset
                self._branch([*order, n], offsets, offset, top)
                del offsets[n]
