"""Generated programs against TFLite Micro, bit for bit: operator by operator, and on random networks."""

import aot_build
import numpy as np
import pytest
from aot_networks import random_network
from one_op import MAKERS, random_inputs

from tfcaps.converters.c.ops import EMITTERS
from tfcaps.runtime.tflite_file import read_tflite

SEEDS = 8
NETWORKS = 45


def models_of(name):
    return {f"{name.lower()}_{seed}": MAKERS[name](np.random.default_rng(seed)).to_bytes() for seed in range(SEEDS)}


def assert_bits(program, model, seed):
    rng = np.random.default_rng(seed)
    infos = read_tflite(model).input_infos
    for _ in range(2):
        inputs = list(random_inputs(rng, infos).values())
        expected = aot_build.tflm(model, inputs)
        for found, value in zip(program.run(inputs), expected, strict=True):
            np.testing.assert_array_equal(found, value, err_msg=f"seed {seed}")
    assert program.self_test() == 0


@pytest.mark.parametrize("name", MAKERS)
def test_every_operator(name, tmp_path):
    models = models_of(name)
    for seed, (key, program) in enumerate(aot_build.build_many(models, tmp_path).items()):
        assert_bits(program, models[key], seed)


def test_every_emitter_is_tested():
    assert set(EMITTERS) - set(MAKERS) == {
        "RESHAPE", "SQUEEZE", "EXPAND_DIMS", "TfcapsSquash", "TfcapsCapsuleDense", "TfcapsLength"
    }  # fmt: skip


@pytest.mark.parametrize("part", range(3))
def test_random_networks(part, tmp_path):
    seeds = range(part * NETWORKS // 3, (part + 1) * NETWORKS // 3)
    models = {f"net_{seed}": random_network(seed) for seed in seeds}
    programs = aot_build.build_many(models, tmp_path, inputs_in_arena=part == 2)
    shared = 0
    for seed, (key, program) in zip(seeds, programs.items(), strict=True):
        assert_bits(program, models[key], seed)
        shared += len(program.plan.shared)
    assert shared > len(models) / 2  # outputs in the bytes of their inputs are the rule, not an accident
