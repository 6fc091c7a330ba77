"""The operators of capsules."""

from __future__ import annotations

import dataclasses
import math

import numpy as np

from cases.case import SUMS, UNIT, Case, Rng, TinyModel, int8, length_params, params_of_units, squash_params


@dataclasses.dataclass(frozen=True)
class CapsuleDense(Case):
    """`inputs` capsules of `depth` to `capsules` of `dimension`."""

    inputs: int
    depth: int
    capsules: int
    dimension: int
    iterations: int = 3
    leaky: int = 0

    @property
    def name(self) -> str:
        more = (f", {self.iterations} iteration" if self.iterations != 3 else "") + (", leaky" if self.leaky else "")
        return f"capsule_dense {self.inputs}x{self.depth} to {self.capsules}x{self.dimension}{more}"

    operator = "TfcapsCapsuleDense"

    @property
    def outputs(self) -> int:
        return self.inputs * self.capsules * (self.iterations - 1)

    @property
    def macs(self) -> int:
        return self.inputs * self.capsules * self.dimension * (self.depth + 2 * self.iterations - 1)

    def build(self, rng: Rng) -> TinyModel:
        tiny = TinyModel()
        poses = Squash(self.inputs, self.depth).append(tiny, rng, tiny.input([1, self.inputs, self.depth], *SUMS))
        tiny.output(self.append(tiny, rng, poses))
        return tiny

    def append(self, tiny: TinyModel, rng: Rng, u: int) -> int:
        """The operator behind tensor `u`."""
        columns = self.capsules * self.dimension
        kernel = int8(rng, self.inputs, columns, self.depth)
        # As the converter does for capsules that a squash made, whose lengths are below 1.
        norm = math.sqrt(float((kernel.astype(np.int64) ** 2).sum(axis=-1).max()))
        largest = norm * (128 + math.sqrt(self.depth) / 2)
        shift = max(0, math.ceil(math.log2(largest / 32767)))
        vote = 74**2 * math.sqrt(self.depth) / 2**shift  # a vote's usual size
        # What makes |s| about 0.5: larger random votes have larger logits than those of trained networks, which agree.
        step = 0.5 * self.capsules / (vote * math.sqrt(self.inputs * self.dimension))
        params = params_of_units(
            step * rng.uniform(0.5, 2, columns),
            largest_vote=4 * vote,
            iterations=self.iterations,
            dimension=self.dimension,
            leaky=self.leaky,
            vote_shift=shift,
        )
        return tiny.capsule_dense(u, kernel, params, self.capsules)


@dataclasses.dataclass(frozen=True)
class Capsules(Case):
    """`count` capsules of `dimension`."""

    count: int
    dimension: int

    @property
    def outputs(self) -> int:
        return self.count

    @property
    def macs(self) -> int:
        return self.count * self.dimension


@dataclasses.dataclass(frozen=True)
class Squash(Capsules):
    """See `Capsules`."""

    operator = "TfcapsSquash"

    @property
    def name(self) -> str:
        return f"squash {self.count}x{self.dimension}"

    def build(self, rng: Rng) -> TinyModel:
        tiny = TinyModel()
        tiny.output(self.append(tiny, rng, tiny.input([1, self.count, self.dimension], *SUMS)))
        return tiny

    def append(self, tiny: TinyModel, rng: Rng, s: int) -> int:
        """The operator behind tensor `s`."""
        return tiny.squash(s, squash_params(*SUMS))


@dataclasses.dataclass(frozen=True)
class Length(Capsules):
    """See `Capsules`."""

    operator = "TfcapsLength"

    @property
    def name(self) -> str:
        return f"length {self.count}x{self.dimension}"

    def build(self, rng: Rng) -> TinyModel:
        tiny = TinyModel()
        tiny.output(self.append(tiny, rng, tiny.input([1, self.count, self.dimension], UNIT)))
        return tiny

    def append(self, tiny: TinyModel, rng: Rng, v: int) -> int:
        """The operator behind tensor `v`."""
        return tiny.length(v, length_params(self.dimension, UNIT, 1 / 256, 0, -128), scale=1 / 256)
