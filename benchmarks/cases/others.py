"""Operators that weigh nothing: softmax, pooling, elementwise arithmetic, tables, slices."""

from __future__ import annotations

import dataclasses
import math

import numpy as np

from cases.case import WIDE, Case, Rng, TinyModel, schema, slide, square, window


@dataclasses.dataclass(frozen=True)
class Softmax(Case):
    """[1, rows, classes]."""

    rows: int
    classes: int

    @property
    def name(self) -> str:
        return f"softmax {self.rows}x{self.classes}"

    operator = "SOFTMAX"

    @property
    def outputs(self) -> int:
        return self.rows

    @property
    def macs(self) -> int:
        return self.rows * self.classes

    def build(self, rng: Rng) -> TinyModel:
        tiny, shape = TinyModel(), [1, self.rows, self.classes]
        x, y = tiny.input(shape, *WIDE), tiny.tensor(shape, 1 / 256, -128)
        tiny.output(tiny.op("SOFTMAX", [x], [y], schema.SoftmaxOptionsT(beta=1.0)))
        return tiny


@dataclasses.dataclass(frozen=True)
class Pool(Case):
    """MAX or AVERAGE of windows of [1, height, width, channels]."""

    kind: str
    image: tuple[int, int]
    channels: int
    taps: int
    stride: int
    same: bool = False

    @property
    def name(self) -> str:
        height, width = self.image
        what = f"{self.kind.lower()}_pool_2d {height}x{width}x{self.channels}"
        return f"{what}, {square(self.taps, self.stride, self.same)}"

    operator = "POOL_2D"

    @property
    def outputs(self) -> int:
        return math.prod(window(self.image, self.taps, self.stride, self.same)) * self.channels

    @property
    def macs(self) -> int:
        return self.outputs * self.taps**2

    def build(self, rng: Rng) -> TinyModel:
        tiny = TinyModel()
        x = tiny.input([1, *self.image, self.channels], *WIDE)
        y = tiny.tensor([1, *window(self.image, self.taps, self.stride, self.same), self.channels], *WIDE)
        options = slide(schema.Pool2DOptionsT(), self.stride, self.same)
        options.filterHeight = options.filterWidth = self.taps
        tiny.output(tiny.op(f"{self.kind}_POOL_2D", [x], [y], options))
        return tiny


@dataclasses.dataclass(frozen=True)
class Elementwise(Case):
    """ADD or MUL of [1, rows, channels] and a tensor of the same shape or, `by_channel`, of [1, 1, channels]."""

    kind: str
    rows: int
    channels: int
    by_channel: bool = False

    @property
    def name(self) -> str:
        other = f" and 1x{self.channels}" if self.by_channel else ""
        return f"{self.kind.lower()} {self.rows}x{self.channels}{other}"

    operator = "ELEMENTWISE"

    @property
    def outputs(self) -> int:
        return self.rows * self.channels

    @property
    def macs(self) -> int:
        return self.outputs * (1 if self.kind == "MUL" else 3)

    def build(self, rng: Rng) -> TinyModel:
        tiny = TinyModel()
        x = tiny.input([1, self.rows, self.channels], 0.01, 5, name="a")
        y = tiny.input([1, 1 if self.by_channel else self.rows, self.channels], 0.02, -7, name="b")
        z = tiny.tensor([1, self.rows, self.channels], *WIDE)
        options = getattr(schema, f"{self.kind.capitalize()}OptionsT")()
        tiny.output(tiny.op(self.kind, [x, y], [z], options))
        return tiny


@dataclasses.dataclass(frozen=True)
class Lookup(Case):
    """TANH of `elements`, by a table."""

    elements: int

    @property
    def name(self) -> str:
        return f"lookup {self.elements}"

    operator = "LOOKUP"
    macs = 0

    @property
    def outputs(self) -> int:
        return self.elements

    def build(self, rng: Rng) -> TinyModel:
        tiny = TinyModel()
        x = tiny.input([1, self.elements], *WIDE)
        tiny.output(tiny.op("TANH", [x], [tiny.tensor([1, self.elements], 1 / 128, 0)]))
        return tiny


@dataclasses.dataclass(frozen=True)
class Gather(Case):
    """`count` of `size` slices of `inner` elements, drawn at random, in rising order."""

    size: int
    inner: int
    count: int

    @property
    def name(self) -> str:
        return f"gather {self.count} of {self.size}x{self.inner}"

    operator = "GATHER"

    @property
    def outputs(self) -> int:
        return self.count * self.inner

    @property
    def macs(self) -> int:
        return self.count

    def build(self, rng: Rng) -> TinyModel:
        tiny = TinyModel()
        x = tiny.input([1, self.size, self.inner], *WIDE)
        indices = tiny.constant(np.sort(rng.choice(self.size, self.count, replace=False)).astype(np.int32))
        y = tiny.tensor([1, self.count, self.inner], *WIDE)
        tiny.output(tiny.op("GATHER", [x, indices], [y], schema.GatherOptionsT(axis=1)))
        return tiny
