"""What the manual promises of memory that input and output share: in place, and in order with the least lead."""

import dataclasses

import nn
import numpy as np
import pytest
from one_op import MAKERS, random_inputs

from tfcaps.runtime.tflite_file import read_tflite

IN_ORDER = ("CONV_2D", "DEPTHWISE_CONV_2D", "MAX_POOL_2D", "AVERAGE_POOL_2D")
IN_PLACE = ("LOGISTIC", "SOFTMAX", "ADD", "SUB", "MUL", "MAXIMUM", "MINIMUM")


def loaded(name, seed):
    rng = np.random.default_rng(seed)
    model = MAKERS[name](rng).to_bytes()
    inputs = random_inputs(rng, read_tflite(model).input_infos)
    expected = next(iter(nn.run(model, inputs).values()))
    _, op, tensors, values, out = nn.load(model, inputs)
    return op, tensors, values, out[0][0], expected


def reshaped(tensor, shape):
    return dataclasses.replace(tensor, shape=shape)


def lead(op, x, kernel, y):
    """The least number of bytes between an output and the input it follows: the manual's formula."""
    options = op.options
    taps = (options.FilterHeight(), options.FilterWidth()) if "POOL" in op.name else kernel.shape[1:3]
    dilation = (1, 1) if "POOL" in op.name else (options.DilationHFactor(), options.DilationWFactor())
    top = nn.paddings(options, x.shape[1:3], taps, dilation)[0]
    rows = [int(np.prod(tensor.shape[2:])) for tensor in (x, y)]
    first = [max(0, row * options.StrideH() - top) for row in range(y.shape[1])]
    return max((row + 1) * rows[1] - first[row] * rows[0] for row in range(y.shape[1]))


@pytest.mark.parametrize("name", IN_ORDER)
def test_an_output_may_follow_its_input(name):
    overlaps = 0
    for seed in range(100):
        op, tensors, values, y, expected = loaded(name, seed)
        ahead = lead(op, tensors[0], tensors[1] if len(tensors) > 1 else None, y)
        memory = np.full(max(ahead + values[0].size, expected.size), 77, np.int8)
        source = memory[ahead : ahead + values[0].size].reshape(values[0].shape)
        source[:] = values[0]
        target = memory[: expected.size].reshape(expected.shape)
        nn.RUNNERS[name](op, tensors, [source, *values[1:]], [(y, target)])
        np.testing.assert_array_equal(target, expected, err_msg=f"seed {seed}, lead {ahead}")
        overlaps += ahead < expected.size
    assert overlaps > 50


@pytest.mark.parametrize("name", IN_PLACE)
def test_an_output_may_take_the_place_of_an_input(name):
    tried = set()
    for seed in range(60):
        op, tensors, values, y, expected = loaded(name, seed)
        for position, value in enumerate(values):
            if value.shape == expected.shape:
                shared = [array.copy() for array in values]
                nn.RUNNERS[name](op, tensors, shared, [(y, shared[position])])
                np.testing.assert_array_equal(shared[position], expected)
                tried.add(position)
    assert tried == set(range(len(values)))


def test_both_inputs_of_an_addition_may_be_its_output():
    op, tensors, _, y, _ = loaded("ADD", 1)
    same = np.arange(-120, 120, 3, dtype=np.int8).reshape(1, 80)
    tensors, out = [reshaped(tensor, same.shape) for tensor in tensors], reshaped(y, same.shape)
    expected, shared = same.copy(), same.copy()
    nn.RUNNERS["ADD"](op, tensors, [same, same.copy()], [(out, expected)])
    nn.RUNNERS["ADD"](op, tensors, [shared, shared], [(out, shared)])
    np.testing.assert_array_equal(shared, expected)
    assert np.any(same != expected)


def test_images_of_a_batch_come_one_after_another():
    for name in IN_ORDER:
        for seed in range(20):
            op, tensors, values, y, _ = loaded(name, seed)
            rng = np.random.default_rng(seed)
            images = rng.integers(-128, 128, (3, *values[0].shape[1:])).astype(np.int8)
            x, together = reshaped(tensors[0], images.shape), np.zeros((3, *y.shape[1:]), np.int8)
            several = [x, *tensors[1:]], [images, *values[1:]], [(reshaped(y, together.shape), together)]
            nn.RUNNERS[name](op, *several)
            for image, found in zip(images, together, strict=True):
                alone = np.zeros(y.shape, np.int8)
                nn.RUNNERS[name](op, tensors, [image[None], *values[1:]], [(y, alone)])
                np.testing.assert_array_equal(found, alone[0])


@pytest.mark.parametrize("seed", range(20))
def test_rising_slices_may_be_taken_in_place(seed):
    rng = np.random.default_rng(seed)
    memory = rng.integers(-128, 128, (rng.integers(2, 40), rng.integers(1, 9))).astype(np.int8)
    indices = np.append(np.flatnonzero(rng.random(len(memory) - 1) < 0.6), len(memory) - 1)
    expected = memory[indices]
    params = nn.Gather(1, *memory.shape, len(indices), nn.int_pointer(indices))
    nn.call("gather", params, memory, memory)
    np.testing.assert_array_equal(memory[: len(indices)], expected)


def test_parts_that_lie_where_they_belong_stay():
    memory = np.arange(12, dtype=np.int8)
    sizes = nn.Parts(1, 3, nn.int_pointer([3, 4, 5]))
    parts = nn.pointers([memory[:3], memory[3:7], memory[7:]])
    nn.call("concatenation", sizes, parts, memory)
    nn.call("split", sizes, memory, parts)
    np.testing.assert_array_equal(memory, np.arange(12))


def test_an_empty_lookup_does_nothing():
    byte = np.full(1, 99, np.int8)
    nn.call("lookup", np.zeros(256, np.int8), 0, byte, byte)
    assert byte[0] == 99
