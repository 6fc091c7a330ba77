"""Capsule layers of sizes without a loop of their own: padded to those that have one, to the same bits."""

import dataclasses

import numpy as np
import pytest
from aot_build import build_many, build_one, tflm
from one_op import int8
from tiny_models import TinyModel, dense_params

from tfcaps.converters.c import build_program
from tfcaps.converters.c.layouts.padded_capsules import quick_sizes
from tfcaps.runtime.tflite_file import read_tflite


def capsules(depth, dimension, *, inputs=9, outputs=3, bias=False, leaky=0, lowest=False, zero_point=3):
    rng = np.random.default_rng(depth * 100 + dimension)
    tiny = TinyModel()
    u = tiny.input([1, inputs, depth], 0.05, zero_point)
    count = outputs * dimension
    params = dense_params(rng, count, capsules=outputs, inputs=inputs, depth=depth, zero_point=zero_point, leaky=leaky)
    params = dataclasses.replace(params, vote_shift=int(depth > 4 and inputs == 1))
    kernel = (int8(rng, (inputs, count, depth)) // 4).astype(np.int8)  # so that votes have 16 bits
    kernel[0, 0, 0] = -128 if lowest else 1
    biases = rng.integers(-400, 400, count).astype(np.int32) if bias else None
    tiny.output(tiny.capsule_dense(u, kernel, params, outputs, bias=biases))
    return tiny.to_bytes()


@pytest.mark.parametrize(
    ("sizes", "quick"),
    [
        *(((3, 7), (4, 8)), ((4, 7), (4, 8)), ((4, 6), (4, 6)), ((1, 2), (4, 2)), ((5, 6), (8, 8)), ((8, 13), (8, 16))),
        *(((8, 16), (8, 16)), ((9, 7), (9, 7)), ((4, 1), (4, 1))),
    ],
)
def test_quick_sizes(sizes, quick):
    assert quick_sizes(*sizes) == quick


def test_bits_of_all_small_sizes(tmp_path):
    kinds = ({}, {"bias": True}, {"leaky": 1}, {"inputs": 1}, {"outputs": 1}, {"lowest": True})
    models = {
        f"net_{depth}_{dimension}": capsules(depth, dimension, **kinds[(depth + dimension) % len(kinds)])
        for depth in (1, 3, 4, 5, 6, 8, 9)
        for dimension in (1, 3, 6, 7, 9)
    }
    programs = build_many(models, tmp_path, layout="paired")
    rng = np.random.default_rng(0)
    padded = []
    for name, program in programs.items():
        shape = program.plan.program.tensors[program.plan.program.inputs[0]].shape
        for x in (int8(rng, shape), np.full(shape, -128, np.int8)):
            np.testing.assert_array_equal(program.run([x])[0], tflm(models[name], [x])[0], err_msg=name)
        (layer,) = program.plan.program.layers
        if "padded" in layer.emission.call:
            padded.append(name)
            assert layer.policy == "votes recomputed"
    assert len(padded) >= 20
    assert not any(name.startswith("net_9_") or name.endswith("_1") for name in padded)


def test_nothing_is_kept_where_votes_are_made_again_anyway():
    program = build_program(read_tflite(capsules(4, 7)), layout="paired", ram=1 << 20)
    plain = build_program(read_tflite(capsules(4, 7)))
    (layer,) = program.layers
    assert layer.policy == "votes recomputed"
    assert layer.emission.scratch < plain.layers[0].emission.wanted_scratch


@pytest.mark.parametrize(
    ("processor", "layer", "depth"),
    [
        *(("cortex-m55", (depth, {}), quick) for depth, quick in ((1, 4), (4, 4), (5, 8), (10, 12), (31, 32))),
        ("cortex-m55", (33, {}), 33),  # more than it holds at a time
        ("cortex-m55", (3, {"zero_point": 3}), 4),  # loops of plain C
        ("cortex-m55", (6, {"zero_point": 3}), 6),
        ("cortex-m55", (6, {"inputs": 3}), 6),  # too few for its lanes
        *((processor, (3, {}), 4) for processor in ("cortex-m0", "cortex-m3", "rv32imac")),
        *((processor, (5, {}), 5) for processor in ("cortex-m0", "cortex-m3", "rv32imac")),
        ("rv32gcv", (3, {}), 3),
    ],
)
def test_input_capsules_are_filled_up_for_the_processor(processor, layer, depth, tmp_path):
    own, options = layer
    model = capsules(own, 7, **{"zero_point": 0, **options})
    program = build_one(model, tmp_path, processor=processor)
    (emitted,) = program.plan.program.layers
    assert (emitted.layout == "plain") == (own == depth)
    sizes = next(struct for struct in emitted.emission.structs if struct.name == "dims").fields
    assert (sizes["input_dimension"], sizes["output_dimension"]) == (depth, 7)
    shape = (1, options.get("inputs", 9), own)
    for x in (int8(np.random.default_rng(0), shape), np.full(shape, -128, np.int8)):
        np.testing.assert_array_equal(program.run([x])[0], tflm(model, [x])[0])


@pytest.mark.parametrize(
    ("processor", "depth", "policy"),
    [("cortex-m55", 6, "kept"), ("cortex-m55", 3, "recomputed"), ("rv32imac", 3, "kept")],
)
def test_votes_of_filled_up_capsules_are_kept_where_that_is_quicker(processor, depth, policy, tmp_path):
    model = capsules(depth, 7, zero_point=0)
    program = build_one(model, tmp_path, processor=processor, ram=1 << 20)
    (layer,) = program.plan.program.layers
    assert layer.policy == f"votes {policy}"
    assert layer.layout != "plain"
    x = int8(np.random.default_rng(0), program.plan.program.tensors[program.plan.program.inputs[0]].shape)
    np.testing.assert_array_equal(program.run([x])[0], tflm(model, [x])[0])
