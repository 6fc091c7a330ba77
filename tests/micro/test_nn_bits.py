"""The C kernels of builtin operators and the simulator against TFLite Micro, bit for bit, on random models."""

import nn
import numpy as np
import pytest
from one_op import MAKERS, random_inputs

from tfcaps.quantization.simulator import Simulator
from tfcaps.runtime import Interpreter

MODELS = 100


def by_name(outputs, infos):
    return outputs if isinstance(outputs, dict) else {infos[0].name: outputs}


@pytest.mark.parametrize("name", MAKERS)
def test_bits_of_tflite_micro(name):
    for seed in range(MODELS):
        rng = np.random.default_rng(seed)
        model = MAKERS[name](rng).to_bytes()
        interpreter = Interpreter(model, "tflm")
        inputs = random_inputs(rng, interpreter.inputs)
        given = inputs if len(inputs) > 1 else next(iter(inputs.values()))
        expected = by_name(interpreter.invoke(given), interpreter.outputs)
        found = nn.run(model, inputs)
        simulated = by_name(Simulator(model).invoke(given), interpreter.outputs)
        for key, value in expected.items():
            np.testing.assert_array_equal(found[key], value, err_msg=f"C, seed {seed}")
            np.testing.assert_array_equal(simulated[key], value, err_msg=f"simulator, seed {seed}")


@pytest.mark.parametrize("name", MAKERS)
def test_batches_of_the_simulator(name):
    for seed in range(5):
        rng = np.random.default_rng(seed)
        model = MAKERS[name](rng).to_bytes()
        interpreter = Interpreter(model, "tflm")
        inputs = random_inputs(rng, interpreter.inputs, batch=3)
        given = inputs if len(inputs) > 1 else next(iter(inputs.values()))
        expected = by_name(interpreter.invoke(given), interpreter.outputs)
        simulated = by_name(Simulator(model).invoke(given), interpreter.outputs)
        for key, value in expected.items():
            np.testing.assert_array_equal(simulated[key], value, err_msg=f"seed {seed}")
