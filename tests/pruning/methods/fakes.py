"""Groups and costs without a network, for what only counts."""

from types import SimpleNamespace

import numpy as np

from tfcaps.pruning.methods import Problem
from tfcaps.pruning.target import Target


class FakeCost:
    """Layers in a chain: layer k costs its inputs times its outputs times a factor."""

    def __init__(self, sizes, factors):
        self.sizes, self.factors = dict(sizes), factors

    def at_counts(self, counts):
        widths = [1, *{**self.sizes, **counts}.values(), 1]
        parts = [a * b * f for a, b, f in zip(widths[:-1], widths[1:], self.factors, strict=True)]
        names = [*self.sizes, "last"]
        rows = tuple(SimpleNamespace(name=n, macs=p) for n, p in zip(names, parts, strict=True))
        return SimpleNamespace(metric=lambda name, board: sum(parts), macs=sum(parts), layers=rows)

    def __call__(self, keep):
        return self.at_counts({name: int(items.sum()) for name, items in keep.items()})


def fake_problem(sizes, factors, remaining, minimum=1):
    groups = tuple(
        SimpleNamespace(name=n, size=s, frozen=None, minimum=minimum, members=(), prunable=True)
        for n, s in sizes.items()
    )
    cost = FakeCost(sizes, factors)
    whole = cost.at_counts({}).macs
    return Problem(
        model=SimpleNamespace(name="fake"),
        graph=SimpleNamespace(groups=groups, prunable=groups),
        cost=cost,
        target=Target("macs", remaining * whole, whole),
        rng=np.random.default_rng(0),
    )
