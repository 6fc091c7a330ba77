"""Damages a model in many ways and gives each to the reader, the simulator and both runtimes; a crash ends the process.

python hostile_files.py first_seed last_seed [count]
"""

import collections
import sys
import time

import numpy as np
from test_interpreter import dense_model, network

from tfcaps.errors import TfcapsError
from tfcaps.quantization.simulator import Simulator
from tfcaps.runtime import Interpreter


def damaged(good, rng):
    data = bytearray(good)
    kind = rng.integers(0, 8)
    if kind == 0:
        return bytes(data[: rng.integers(0, len(data))])
    for _ in range(rng.integers(1, 4)):
        at = int(rng.integers(0, len(data) - 4))
        if kind < 5:
            data[at] = rng.choice([0, 1, 2, 4, 127, 128, 254, 255, rng.integers(0, 256)])
        else:
            at = at // 4 * 4
            word = rng.choice([0, 1, 2, 4, 100, 2**16, 2**31 - 1, 2**31, 2**32 - 1, 2**32 - 4, len(data) - at])
            data[at : at + 4] = int(word).to_bytes(4, "little")
    return bytes(data)


def attack(first, last, count):
    said = collections.Counter()
    for seed in range(first, last):
        rng = np.random.default_rng(seed)
        good = (network if seed % 2 else dense_model)(np.random.default_rng(seed % 5)).to_bytes()
        small = np.frombuffer(good, np.uint8).copy()
        for _ in range(count):
            data = damaged(small.tobytes(), rng)
            for make in (Simulator, Interpreter, lambda data: Interpreter(data, "tflm")):
                began = time.monotonic()
                try:
                    runner = make(data)
                    inputs = {info.name: np.zeros((1, *info.shape[1:]), info.dtype) for info in runner.inputs}
                    runner.invoke(inputs)
                    said["ran"] += 1
                except TfcapsError as error:
                    if "\n" in str(error):
                        raise AssertionError(f"more than a line: {error}") from error
                    said["refused"] += 1
                assert time.monotonic() - began < 10
    return said


if __name__ == "__main__":
    print(dict(attack(int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))))
