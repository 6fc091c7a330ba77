"""Convolutions and dense layers."""

from __future__ import annotations

import dataclasses
import math

import numpy as np

from cases.case import IMAGE, SUMS, Case, Rng, TinyModel, int8, schema, slide, spread, square, window


@dataclasses.dataclass(frozen=True)
class Conv2D(Case):
    """[1, height, width, depth] to `filters`, each `taps` x `taps`."""

    image: tuple[int, int]
    depth: int
    filters: int
    taps: int
    stride: int = 1
    same: bool = False
    relu: bool = True

    @property
    def name(self) -> str:
        height, width = self.image
        return f"conv_2d {height}x{width}x{self.depth} to {self.filters}, {square(self.taps, self.stride, self.same)}"

    @property
    def operator(self) -> str:
        return "CONV_2D_1X1" if self.taps == 1 else "CONV_2D_1CH" if self.depth == 1 else "CONV_2D"

    @property
    def outputs(self) -> int:
        return math.prod(window(self.image, self.taps, self.stride, self.same)) * self.filters

    @property
    def macs(self) -> int:
        return self.outputs * self.taps**2 * self.depth

    def build(self, rng: Rng) -> TinyModel:
        tiny = TinyModel()
        tiny.output(self.append(tiny, rng, tiny.input([1, *self.image, self.depth], *IMAGE)))
        return tiny

    def append(self, tiny: TinyModel, rng: Rng, x: int) -> int:
        """The operator behind tensor `x`."""
        shape = (self.filters, self.taps, self.taps, self.depth)
        scales = spread(self.taps**2 * self.depth) * rng.uniform(0.7, 1.4, self.filters)
        kernel = tiny.constant(int8(rng, *shape), scales)
        bias = tiny.constant(rng.integers(-2000, 2000, self.filters).astype(np.int32), scales / 255)
        options = slide(schema.Conv2DOptionsT(dilationHFactor=1, dilationWFactor=1), self.stride, self.same)
        kinds = schema.ActivationFunctionType
        options.fusedActivationFunction = kinds.RELU if self.relu else kinds.NONE
        room = window(self.image, self.taps, self.stride, self.same)
        y = tiny.tensor([1, *room, self.filters], *(IMAGE if self.relu else SUMS))
        return tiny.op("CONV_2D", [x, kernel, bias], [y], options)


@dataclasses.dataclass(frozen=True)
class Depthwise(Case):
    """[1, height, width, channels], each channel with `multiplier` filters of its own."""

    image: tuple[int, int]
    channels: int
    taps: int
    stride: int = 1
    same: bool = False
    multiplier: int = 1

    @property
    def name(self) -> str:
        height, width = self.image
        more = f" x{self.multiplier}" if self.multiplier > 1 else ""
        return f"depthwise {height}x{width}x{self.channels}{more}, {square(self.taps, self.stride, self.same)}"

    operator = "DEPTHWISE_CONV_2D"

    @property
    def outputs(self) -> int:
        return math.prod(window(self.image, self.taps, self.stride, self.same)) * self.channels * self.multiplier

    @property
    def macs(self) -> int:
        return self.outputs * self.taps**2

    def build(self, rng: Rng) -> TinyModel:
        tiny, filters = TinyModel(), self.channels * self.multiplier
        x = tiny.input([1, *self.image, self.channels], *IMAGE)
        scales = spread(self.taps**2) * rng.uniform(0.7, 1.4, filters)
        kernel = tiny.constant(int8(rng, 1, self.taps, self.taps, filters), scales, axis=3)
        bias = tiny.constant(rng.integers(-2000, 2000, filters).astype(np.int32), scales / 255)
        options = schema.DepthwiseConv2DOptionsT(depthMultiplier=self.multiplier, dilationHFactor=1, dilationWFactor=1)
        slide(options, self.stride, self.same).fusedActivationFunction = schema.ActivationFunctionType.RELU
        room = window(self.image, self.taps, self.stride, self.same)
        y = tiny.tensor([1, *room, filters], *IMAGE)
        tiny.output(tiny.op("DEPTHWISE_CONV_2D", [x, kernel, bias], [y], options))
        return tiny


@dataclasses.dataclass(frozen=True)
class FullyConnected(Case):
    """[1, depth] to [1, units]."""

    depth: int
    units: int

    @property
    def name(self) -> str:
        return f"fully_connected {self.depth} to {self.units}"

    operator = "FULLY_CONNECTED"

    @property
    def outputs(self) -> int:
        return self.units

    @property
    def macs(self) -> int:
        return self.units * self.depth

    def build(self, rng: Rng) -> TinyModel:
        tiny, scale = TinyModel(), spread(self.depth)
        x = tiny.input([1, self.depth], *IMAGE)
        kernel = tiny.constant(int8(rng, self.units, self.depth), scale)
        bias = tiny.constant(rng.integers(-2000, 2000, self.units).astype(np.int32), scale / 255)
        y = tiny.tensor([1, self.units], *SUMS)
        tiny.output(tiny.op("FULLY_CONNECTED", [x, kernel, bias], [y], schema.FullyConnectedOptionsT()))
        return tiny
