"""Runs models in the tflite-micro wheel with the device's glue, in a process of its own: a wrong layout would crash.

python run_in_wheel.py library.so
"""

import ctypes
import re
import sys
from pathlib import Path

import numpy as np

sys.path.append(str(Path(__file__).parents[1] / "runtime"))
from test_interpreter import dense_model, network
from tflite_micro.python.tflite_micro import runtime
from tiny_models import TinyModel, squash_params

from tfcaps.quantization.simulator import Simulator
from tfcaps.runtime import Interpreter
from tfcaps.runtime.tflm import _captured_stderr as captured_stderr


def interpreter(model):
    return runtime.Interpreter.from_bytes(model, custom_op_registerers=["TfcapsDeviceOps"], arena_size=1 << 17)


def arena(device):
    """Bytes of it that are used, which the runtime prints."""
    with captured_stderr() as log:
        device.print_allocations()
        log.seek(0)
        return re.search(rb"Arena allocation total (\d+) bytes", log.read())[1].decode()


def compare(model, rng):
    """The bits of every output against the simulator's, and the arena against that of the host's glue."""
    simulator, device = Simulator(model), interpreter(model)
    for _ in range(5):
        inputs = {i.name: rng.integers(-128, 128, i.shape).astype(np.int8) for i in simulator.inputs}
        for number, array in enumerate(inputs.values()):
            device.set_input(array, number)
        device.invoke()
        expected = simulator.invoke(inputs)
        outputs = [expected] if isinstance(expected, np.ndarray) else list(expected.values())
        for number, output in enumerate(outputs):
            np.testing.assert_array_equal(device.get_output(number), output)
            assert len(np.unique(output)) > 3
    print(f"device {arena(device)}, host {Interpreter(model, 'tflm').arena_used_bytes}", file=sys.stderr, flush=True)


def main():
    ctypes.CDLL(sys.argv[1], mode=ctypes.RTLD_GLOBAL)
    for seed in range(3):
        rng = np.random.default_rng(seed)
        compare(network(rng).to_bytes(), rng)
        compare(dense_model(rng).to_bytes(), rng)
    wrong = TinyModel()
    wrong.output(wrong.squash(wrong.input([1, 5, 4], 0.05), squash_params(0.05), scale=0.01))
    try:
        interpreter(wrong.to_bytes())
    except RuntimeError:
        print("refused")


if __name__ == "__main__":
    main()
