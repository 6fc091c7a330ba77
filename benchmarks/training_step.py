"""Time of the capsule layer and of whole training steps: ours against the formulations that people copy.

    python benchmarks/training_step.py

All compute the same function (the script checks it) and take turns in one process, so that a busy machine slows all of
them; the ratios are medians over the rounds. Both Keras flavours are measured, each in a process of its own, as its
users run it: Keras 3 compiles a model's step with XLA unless told otherwise, tf_keras does not. The layer alone is one
tf.function, forward and backward.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
import report
import tensorflow as tf
from copied_formulations import FORMULATIONS, OURS, copy_kernel, in_formulation

import tfcaps
from tfcaps._keras import FLAVOUR, keras
from tfcaps.layers import CapsuleDense

NAMES = (OURS, *FORMULATIONS)
# Batch and sizes of the layer: the original network's and q7_mnist's.
LAYERS = {"capsnet": (128, 1152, 8, 10, 16), "q7_mnist": (32, 1024, 4, 10, 6)}
MODELS = {"capsnet": 32, "q7_mnist": 32}  # batch
LARGEST_DIFFERENCE = 1e-5
Step = Callable[[], Any]


def layer_steps(sizes: tuple[int, ...]) -> dict[str, Step]:
    """Forward and backward of one layer, by formulation, on the same weights; gives v and the gradients."""
    batch, inputs, depth, capsules, dimension = sizes
    u = tf.random.stateless_normal([batch, inputs, depth], [0, 1], 0.0, 0.3)
    ours = CapsuleDense(capsules, dimension)
    ours.build(u.shape)

    def step(name: str) -> Step:
        layer = in_formulation(ours, name)
        layer.build(u.shape)
        copy_kernel(ours, layer)

        @tf.function
        def run() -> Any:
            with tf.GradientTape() as tape:
                tape.watch(u)
                v = layer(u)
                loss = tf.reduce_sum(tf.square(v))
            return v, tape.gradient(loss, [tf_variable(layer.kernel), u])

        return lambda: [np.asarray(part) for part in tf.nest.flatten(run())]

    return {name: step(name) for name in NAMES}


def tf_variable(weight: Any) -> tf.Variable:
    """What a Keras 3 variable holds; a tf.Variable as it is."""
    return weight if isinstance(weight, tf.Variable) else weight.value


def model_steps(name: str, batch: int) -> dict[str, Step]:
    """A step of Adam on a whole model, by formulation, from the same weights; gives the loss."""
    source = tfcaps.models.build(name)
    rng = np.random.default_rng(0)
    images = rng.random((batch, *source.input_shape[1:]), np.float32)
    labels = np.arange(batch) % 10

    def step(formulation: str) -> Step:
        def clone(layer: Any) -> Any:
            if isinstance(layer, CapsuleDense):
                return in_formulation(layer, formulation)
            return type(layer).from_config(layer.get_config())

        model = keras.models.clone_model(source, clone_function=clone)
        for old, new in zip(source.layers, model.layers, strict=True):
            copy_kernel(old, new) if isinstance(old, CapsuleDense) else new.set_weights(old.get_weights())
        model.compile(keras.optimizers.Adam(1e-3), tfcaps.losses.MarginLoss())
        return lambda: [np.asarray(model.train_on_batch(images, labels))]

    return {formulation: step(formulation) for formulation in NAMES}


def in_turn(steps: dict[str, Step], rounds: int) -> dict[str, dict[str, float]]:
    """Milliseconds (median) and the ratio to ours (median of the rounds), after one step of each to compile it."""
    first = {name: step() for name, step in steps.items()}
    for name, results in first.items():
        for a, b in zip(results[:1], first[OURS][:1], strict=True):
            difference = float(np.abs(a - b).max())
            if difference > LARGEST_DIFFERENCE:
                raise SystemExit(f"{name} differs by {difference} from {OURS}")
    seconds: dict[str, list[float]] = {name: [] for name in steps}
    for _ in range(rounds):
        for name, step in steps.items():
            start = time.perf_counter()
            step()
            seconds[name].append(time.perf_counter() - start)
    ours = np.array(seconds[OURS])
    return {
        name: {"milliseconds": 1000 * float(np.median(taken)), "ratio": float(np.median(np.array(taken) / ours))}
        for name, taken in seconds.items()
    }


def measure_flavour(rounds: int) -> list[list[Any]]:
    """Every row of this process's flavour."""
    rows: list[list[Any]] = []

    def add(what: str, steps: dict[str, Step]) -> None:
        for name, found in in_turn(steps, rounds).items():
            rows.append([what, FLAVOUR, name, found["milliseconds"], found["ratio"]])

    for sizes in LAYERS.values():
        batch, inputs, depth, capsules, dimension = sizes
        add(f"layer {inputs}x{depth} to {capsules}x{dimension}, batch {batch}", layer_steps(sizes))
    for name, batch in MODELS.items():
        add(f"training step of {name}, batch {batch}", model_steps(name, batch))
    return rows


def high_water_kilobytes() -> int:
    """The largest resident set so far (Linux)."""
    return int(re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text()).group(1))


def child(*arguments: str, legacy: bool = True) -> Any:
    """What this script prints in a process of its own."""
    environment = {**os.environ, "TF_USE_LEGACY_KERAS": str(int(legacy))}
    command = [sys.executable, __file__, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    return json.loads(done.stdout.splitlines()[-1])


def print_peak(formulation: str) -> None:
    """Peak memory of three steps of the original network's layer, in megabytes above that of none."""
    step = layer_steps(LAYERS["capsnet"])[formulation]
    Path("/proc/self/clear_refs").write_text("5")  # start the high-water mark anew
    before = high_water_kilobytes()
    for _ in range(3):
        step()
    print((high_water_kilobytes() - before) / 1024)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--one-flavour", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--peak", choices=NAMES, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.peak:
        print_peak(options.peak)
        return
    if options.one_flavour:
        print(json.dumps(measure_flavour(options.rounds)))
        return
    rows = [
        row for legacy in (True, False) for row in child("--one-flavour", f"--rounds={options.rounds}", legacy=legacy)
    ]
    peaks = ", ".join(f"{name} {child('--peak', name):.0f}" for name in NAMES)
    report.write(
        "training_step",
        "Training: the capsule layer and whole steps, against the formulations that are copied",
        ["what", "Keras", "formulation", "milliseconds (median)", "times ours (median)"],
        rows,
        f"Peak memory of the layer of the original network, forward and backward, in MB above the start: {peaks}.\n"
        f"All compute the same capsules and losses, to {LARGEST_DIFFERENCE:g}. The layer is one tf.function; a\n"
        "whole step is `train_on_batch` with Adam, which Keras 3 compiles with XLA and tf_keras does not.",
    )


if __name__ == "__main__":
    main()
