"""Whole networks that are counted: the published ones and our small ones, with random weights of a fixed seed.

They have the layers and shapes of `tfcaps.models`, but neither Keras nor a converter has a part in them: the bits, and
so the counts, depend on nothing outside of the repository.
"""

from __future__ import annotations

import dataclasses

import numpy as np

from cases.capsules import CapsuleDense, Length, Squash
from cases.case import IMAGE, SUMS, Case, TinyModel, schema, window
from cases.convolutions import Conv2D

DEPTH = 4  # of every primary capsule


@dataclasses.dataclass(frozen=True)
class Network:
    """Convolutions with ReLU, primary capsules, class capsules and their lengths.

    Attributes:
        name: As in `tfcaps.models`.
        image: Height, width and channels.
        stem: Filters, taps and stride of each convolution.
        types: Of primary capsules.
        primary: Taps and stride of the primary capsules' convolution.
        classes: Class capsules.
        dimension: Of each.
    """

    name: str
    image: tuple[int, int, int]
    stem: tuple[tuple[int, int, int], ...]
    types: int
    primary: tuple[int, int]
    classes: int
    dimension: int

    def layers(self) -> tuple[Case, ...]:
        """What it consists of, in the order of execution."""
        found: list[Case] = []
        height, width, channels = self.image
        for filters, taps, stride in (*self.stem, (self.types * DEPTH, *self.primary)):
            relu = len(found) < len(self.stem)
            found.append(Conv2D((height, width), channels, filters, taps, stride, relu=relu))
            (height, width), channels = window((height, width), taps, stride, same=False), filters
        capsules = height * width * self.types
        found += [Squash(capsules, DEPTH), CapsuleDense(capsules, DEPTH, self.classes, self.dimension)]
        return (*found, Length(self.classes, self.dimension))

    def model(self) -> TinyModel:
        """The same every time."""
        rng, tiny = np.random.default_rng(28), TinyModel()
        layers = self.layers()
        convolutions, capsules = layers[:-3], layers[-3:]
        x = tiny.input([1, *self.image], *IMAGE, name="image")
        for convolution in convolutions:
            x = convolution.append(tiny, rng, x)
        shape = [1, capsules[0].outputs, DEPTH]
        rows = tiny.tensor(shape, *SUMS)
        x = tiny.op("RESHAPE", [x, tiny.constant(np.array(shape, np.int32))], [rows], schema.ReshapeOptionsT(shape))
        for layer in capsules:
            x = layer.append(tiny, rng, x)
        tiny.output(x)
        return tiny


PUBLISHED: tuple[Network, ...] = (
    Network("q7_mnist", (28, 28, 1), ((16, 7, 1),), 16, (7, 2), 10, 6),
    Network("q7_cifar10", (32, 32, 3), ((32, 3, 1), (32, 3, 1), (64, 3, 2), (64, 3, 2)), 16, (3, 2), 10, 5),
    Network("q7_smallnorb", (32, 32, 2), ((32, 7, 1),), 16, (7, 2), 5, 6),
)
NETWORKS: tuple[Network, ...] = (
    *PUBLISHED,
    Network("micro", (28, 28, 1), ((16, 5, 2),), 8, (5, 2), 10, 8),
    Network("tiny", (28, 28, 1), ((8, 9, 2),), 4, (5, 2), 10, 4),
)
