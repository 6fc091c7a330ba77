"""Time and memory of one training step of the capsule layer: ours against the formulation people copy.

That formulation tiles the input capsules, maps a matrix product over the batch and keeps the votes as
[B, J, I, D]. Both sides compute the same function (the script checks it), are measured in turn in one run, and run in
graph mode. Peak memory is that of a process of its own for each side.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
import report
import tensorflow as tf

from tfcaps.layers import CapsuleDense
from tfcaps.routing import squash


def map_fn_capsules(u: tf.Tensor, kernel: tf.Tensor, iterations: int = 3) -> tf.Tensor:
    """The common formulation; u [B, I, K], kernel [J, I, D, K] -> v [B, J, D]."""
    tiled = tf.tile(u[:, None, :, :, None], [1, kernel.shape[0], 1, 1, 1])
    votes = tf.map_fn(lambda x: tf.matmul(kernel, x), tiled)[..., 0]
    logits = tf.zeros_like(votes[..., 0])
    for iteration in range(iterations):
        couplings = tf.nn.softmax(logits, axis=1)
        v = squash(tf.reduce_sum(couplings[..., None] * votes, axis=2))
        if iteration < iterations - 1:
            logits += tf.reduce_sum(votes * v[:, :, None, :], axis=-1)
    return v


def steps(batch: int, inputs: int, dim: int, capsules: int, out_dim: int) -> dict:
    """Forward and backward functions of both sides, on the same weights and data."""
    u = tf.random.stateless_normal([batch, inputs, dim], [0, 1], 0.0, 0.3)
    layer = CapsuleDense(capsules, out_dim)
    layer.build(u.shape)
    flat = tf.convert_to_tensor(layer.kernel)
    kernel = tf.Variable(tf.transpose(tf.reshape(flat, [inputs, dim, capsules, out_dim]), [2, 0, 3, 1]))
    own = layer.trainable_variables[0]
    own = getattr(own, "value", own) if not callable(getattr(own, "value", None)) else own

    def step(forward, variable):
        @tf.function
        def run():
            with tf.GradientTape() as tape:
                tape.watch(u)
                v = forward()
                loss = tf.reduce_sum(tf.square(v))
            return v, tape.gradient(loss, [variable, u])

        return run

    return {"tfcaps": step(lambda: layer(u), own), "map_fn": step(lambda: map_fn_capsules(u, kernel), kernel)}


def high_water_kilobytes() -> int:
    """The largest resident set so far (Linux)."""
    return int(re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text()).group(1))


def peak_megabytes(side: str, sizes: list[int]) -> float:
    """Peak memory of a process that takes three steps, less that of one that takes none."""
    command = [sys.executable, __file__, "--measure", side, "--sizes", *map(str, sizes)]
    return float(subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()[-1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", type=int, nargs=5, default=[128, 1152, 8, 10, 16], metavar=("B", "I", "K", "J", "D"))
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--measure", choices=["tfcaps", "map_fn"], help=argparse.SUPPRESS)
    options = parser.parse_args()
    sides = steps(*options.sizes)
    if options.measure:
        Path("/proc/self/clear_refs").write_text("5")  # start the high-water mark anew
        before = high_water_kilobytes()
        for _ in range(3):
            sides[options.measure]()
        print((high_water_kilobytes() - before) / 1024)
        return
    a, b = (sides[name]()[0].numpy() for name in ("tfcaps", "map_fn"))
    difference = float(np.abs(a - b).max())
    if difference > 1e-5:
        raise SystemExit(f"the two sides differ by {difference}")
    seconds: dict[str, list[float]] = {name: [] for name in sides}
    for _ in range(options.rounds):
        for name, run in sides.items():
            start = time.perf_counter()
            run()[1][0].numpy()
            seconds[name].append(time.perf_counter() - start)
    median = {name: float(np.median(values)) for name, values in seconds.items()}
    memory = {name: peak_megabytes(name, options.sizes) for name in sides}
    rows = [[name, 1000 * median[name], memory[name]] for name in sides]
    rows.append(["ratio", median["map_fn"] / median["tfcaps"], memory["map_fn"] / memory["tfcaps"]])
    batch, inputs, dim, capsules, out_dim = options.sizes
    report.write(
        "capsule_layer",
        f"Capsule layer {inputs}x{dim} -> {capsules}x{out_dim}, batch {batch}: forward and backward",
        ["formulation", "milliseconds (median)", "peak memory, MB above start"],
        rows,
        f"Largest difference of the outputs: {difference:.1e}. The ratio is map_fn over tfcaps.",
    )


if __name__ == "__main__":
    main()
