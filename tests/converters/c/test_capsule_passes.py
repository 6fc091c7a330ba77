"""The passes that a program names are those that the kernels take for the layer."""

import ctypes as c
import dataclasses
import itertools
import re

import kernels as k
import numpy as np
import pytest
from tiny_models import dense_params

from tfcaps.converters.c.layouts.capsule_passes import (
    ANY,
    PAIRED_4_TO_5,
    PAIRED_4_TO_6,
    PAIRED_4_TO_6_KEPT,
    PASSES,
    passes_for,
)
from tfcaps.micro import source_files


def refused(name, inputs, depth, dimension, capsules, shift, keeps=True):
    """Whether the kernel refuses a layer with these passes, and scratch memory for votes if it keeps them."""
    outputs = capsules * dimension
    params = dense_params(np.random.default_rng(0), outputs, capsules=capsules, inputs=inputs, depth=depth)
    native = k.dense_params(dataclasses.replace(params, vote_shift=shift, logit_bits=24))
    dims = k.DenseDims(1, inputs, depth, capsules, dimension)
    room = k.aligned(8192)
    need = k.SIZE(room.size)
    if not keeps:
        assert k.LIBRARY.tfcaps_capsule_dense_s8_get_buffer_size(c.byref(dims), c.byref(need)) == k.OK
    context = k.Context(room.ctypes.data, need.value)
    data = [
        np.zeros(inputs * depth, np.int8),
        k.aligned(2 * inputs * (outputs + capsules) * depth),
        None,
        np.zeros(outputs, np.int8),
    ]
    status = k.LIBRARY.tfcaps_capsule_dense_passes_s8(
        k.passes(name), c.byref(context), c.byref(native), c.byref(dims), *map(k.pointer, data)
    )
    assert status in (k.OK, k.ERROR_RANGE)
    return status == k.ERROR_RANGE


@pytest.mark.parametrize("passes", PASSES, ids=lambda passes: passes.name)
def test_the_kernels_take_the_same_layers(passes):
    taken = 0
    for depth, dimension, capsules, shift in itertools.product((3, 4, 8), (1, 2, 4, 5, 6, 8, 12, 16), (1, 3), (0, 1)):
        suits = passes.suits(depth, dimension, capsules * dimension, shift)
        taken += suits
        for inputs in (2, 3):
            assert refused(passes.name, inputs, depth, dimension, capsules, shift) == (not suits)
        assert refused(passes.name, 1, depth, dimension, capsules, shift)
    assert taken


def test_paired_weights_of_four_to_six():
    for dimension, inputs in itertools.product((4, 5, 6, 7, 8), (1, 2, 3, 4)):
        is_six = dimension in (5, 6)
        assert refused(PAIRED_4_TO_6, inputs, 4, dimension, 3, 0) == (not is_six or inputs < 2)
        assert refused(PAIRED_4_TO_5, inputs, 4, dimension, 3, 0) == (dimension != 5 or inputs < 2)
        assert refused(PAIRED_4_TO_6_KEPT, inputs, 4, dimension, 3, 0) == (not is_six or inputs % 2 == 1)
    assert refused(PAIRED_4_TO_6_KEPT, 4, 4, 6, 3, 0, keeps=False)
    assert refused(PAIRED_4_TO_6, 4, 8, 6, 3, 0)
    assert refused(PAIRED_4_TO_6, 4, 4, 6, 3, 1)


def test_the_quickest_are_chosen_as_in_the_kernels():
    (source,) = [path for path in source_files() if path.name == "tfcaps_passes_any.c"]
    listed = re.findall(r"&(tfcaps_passes_\w+)", source.read_text())
    assert listed == [passes.name for passes in PASSES]
    assert passes_for(32, 4, 16, 160, 0) == "tfcaps_passes_4_to_eights"
    assert passes_for(32, 4, 6, 60, 0) == "tfcaps_passes_4_to_6"
    assert passes_for(32, 8, 8, 80, 1) == "tfcaps_passes_8_to_fours_shifted"
    assert passes_for(1, 4, 16, 160, 0) == passes_for(32, 4, 16, 160, 1) == passes_for(32, 5, 8, 80, 0) == ANY
