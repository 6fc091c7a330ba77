"""Every pruning method on Fashion-MNIST: what is left of the accuracy, and what is left to be stored and computed.

Per network and seed: train the dense network; prune it by each method to half of its multiply-accumulates; train that
on. The best methods of each network are also taken to 30 %, in three steps. Methods that train with a penalty or with
masks do so for as many epochs again, before they cut; those that start from fresh weights have the epochs of the dense
training too, and need no steps. "dense, trained on" is the dense network with the epochs that follow pruning. Files,
arenas and instructions are those of the first seed.

Networks are worked on at the same time, each in a process of its own. Every result is stored at once, so that a run
that was stopped goes on where it was.
"""

from __future__ import annotations

import argparse
import dataclasses
import os
import subprocess
import sys
import time

os.environ.setdefault("TF_USE_LEGACY_KERAS", "1")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import report
from pruning_table import DENSE, REMAINS, ROWS, STEPS, TRAINED_ON, Results, best_rows, key_of, rows_of, write_table

import tfcaps
from tfcaps._keras import keras
from tfcaps.errors import TfcapsError
from tfcaps.micro import boards
from tfcaps.micro.boards.vectors import host, random_vectors
from tfcaps.pruning import METHODS, ChannelGraph, CostModel, prune
from tfcaps.runtime import Interpreter

BATCH = 64
BOARD = "cortex-m4"
LAST_STEP = 0.03  # of the first step size, in the last epoch of any training


def vgg_small(input_shape=(28, 28, 1), num_classes=10, widths=(16, 32, 32, 48, 48)):
    """Five convolutions 3x3 with batch normalisation, a pool behind the first and third, global average, softmax."""
    x = h = keras.Input(input_shape)
    for number, width in enumerate(widths):
        h = keras.layers.Conv2D(width, 3, padding="same", use_bias=False, name=f"conv{number + 1}")(h)
        h = keras.layers.BatchNormalization(momentum=0.9, name=f"norm{number + 1}")(h)
        h = keras.layers.ReLU(name=f"relu{number + 1}")(h)
        if number in (0, 2):
            h = keras.layers.MaxPooling2D(name=f"pool{number + 1}")(h)
    h = keras.layers.GlobalAveragePooling2D(name="average")(h)
    return keras.Model(x, keras.layers.Dense(num_classes, activation="softmax", name="classes")(h), name="vgg_small")


def micro(input_shape=(28, 28, 1), num_classes=10):
    return tfcaps.models.build("micro", input_shape, num_classes)


NETWORKS = {
    "micro": (micro, tfcaps.losses.MarginLoss(), 6e-3),
    "vgg_small": (vgg_small, "sparse_categorical_crossentropy", 2e-3),
}


@dataclass(frozen=True)
class Schedule:
    """How long is trained, in epochs: the dense network, and all others from there on."""

    dense: int
    after: int


def decay(epochs: int) -> float:
    """What the step size is multiplied by after each epoch."""
    return LAST_STEP ** (1 / max(1, epochs - 1))


def fit(model, network, data, epochs, rate):
    """Train, with a step size that falls from `rate` to its LAST_STEP part."""
    model.compile(keras.optimizers.Adam(rate), NETWORKS[network][1])
    schedule = keras.callbacks.LearningRateScheduler(lambda epoch: rate * decay(epochs) ** epoch)
    model.fit(data.x_train, data.y_train, batch_size=BATCH, epochs=epochs, verbose=0, callbacks=[schedule])
    return model


def accuracy(model, data) -> float:
    return float(np.mean(np.argmax(model.predict(data.x_test, batch_size=500, verbose=0), axis=1) == data.y_test))


def measure(model, data) -> dict:
    """What the model is as an int8 file, in TFLite Micro and as C on an emulated board; and what was predicted."""
    cost = CostModel(ChannelGraph(model)).dense
    file = tfcaps.converters.to_tflite(model, data.calibration(100))
    interpreter = Interpreter(file, backend="tflm")
    interpreter(data.x_test[:1])
    found = {
        "tflite_bytes": len(file),
        "tflm_arena_bytes": interpreter.arena_used_bytes,
        "predicted_arena_bytes": cost.arena_bytes,
        "predicted_instructions": cost.instructions(BOARD),
    }
    board = boards.board(BOARD)
    try:
        boards.require([board.toolchain])
    except TfcapsError:
        return found  # no compiler or emulator here
    with tempfile.TemporaryDirectory() as name:
        plan = tfcaps.converters.to_c(file, Path(name, "c"), name=boards.MODEL_NAME, processor=board.processor)
        program = plan.program
        ends = ([program.tensors[k] for k in indices] for indices in (program.inputs, program.outputs))
        inputs, expected = random_vectors(host(file), *ends, 1, 0)
        on_board = boards.measure(board, Path(name, "c"), inputs, expected, Path(name, board.name))
    if not on_board.exact:
        raise AssertionError(f"outputs on {board.name} differ from the host's")
    return {**found, "arena_bytes": plan.arena_bytes, "instructions": on_board.instructions}


def dense_model(network, seed, data, schedule, results, first):
    """The trained dense network, and its results once."""
    build, _, rate = NETWORKS[network]
    path = results.path.with_name(f"{network}_{seed}.npz")
    keras.utils.set_random_seed(seed)
    model = build(data.input_shape, data.num_classes)
    key = key_of(network, DENSE, 1, seed)
    if key in results and path.exists():
        with np.load(path) as stored:
            model.set_weights([stored[f"arr_{k}"] for k in range(len(stored.files))])
        return model
    started = time.monotonic()
    fit(model, network, data, schedule.dense, rate)
    np.savez(path, *model.get_weights())
    seconds = time.monotonic() - started
    cost = CostModel(ChannelGraph(model)).dense
    found = {
        "fine_tuned": accuracy(model, data),
        "seconds": seconds,
        "parameters": cost.parameters,
        "macs": cost.macs,
    }
    if first:
        found |= measured_and_kept(model, data, results.path.parent, key)
    results.store(key, found)
    longer = keras.models.clone_model(model)
    longer.set_weights(model.get_weights())
    fit(longer, network, data, schedule.after, rate / 2)
    results.store(key_of(network, TRAINED_ON, 1, seed), {"fine_tuned": accuracy(longer, data)})
    return model


def measured_and_kept(model, data, folder, key) -> dict:
    """Measure a model, and keep it for `measure_again`."""
    model.save(kept(folder, key))
    return measure(model, data)


def kept(folder, key) -> Path:
    """Where the model of a result lies."""
    return folder / (key.replace("/", "_").replace(", ", "_") + ".keras")


def measure_again(options, results) -> None:
    """Files, arenas and instructions of the models that were kept, by the converter and the kernels of now."""
    data, _ = images(options)
    for key in list(results.results):
        path = kept(results.path.parent, key)
        if path.exists():
            model = keras.models.load_model(path, compile=False)
            results.store(key, {**results[key], **measure(model, data)})


def run(network, row, remains, seed, model, data, validation, schedule):
    """The pruned model of one row and seed, and what is known about it."""
    _, loss, rate = NETWORKS[network]
    method, options = ROWS.get(row, (row, {}))
    epochs, rate_after, steps = schedule.after, rate / 2, STEPS[remains]
    if METHODS[method].from_scratch:
        steps, epochs, rate_after = 1, schedule.dense + schedule.after, rate
    started = time.monotonic()
    result = prune(
        model,
        method,
        target={"macs": remains},
        data=data,
        validation=validation,
        fine_tune={"epochs": epochs, "batch_size": BATCH, "learning_rate": rate_after, "decay": decay(epochs)},
        steps=steps,
        loss=loss,
        seed=seed,
        **options,
    )
    seconds = time.monotonic() - started
    totals = result.report.totals
    return result.model, {
        "pruned": result.report.accuracy.pruned,
        "fine_tuned": result.report.accuracy.fine_tuned,
        "seconds": seconds,
        "parameters": totals["parameters"].after,
        "macs": totals["macs"].after,
    }


def images(options):
    """The images, and those of the training images that are held out for methods that compare candidates."""
    data = tfcaps.datasets.load(options.data)
    data = data.subset(train=options.samples, test=min(options.test_samples, len(data.x_test)), seed=0)
    held_out = len(data.x_train) // 12
    validation = (data.x_train[:held_out], data.y_train[:held_out])
    return dataclasses.replace(data, x_train=data.x_train[held_out:], y_train=data.y_train[held_out:]), validation


def run_network(network, options, results) -> None:
    """All that is not in the results yet."""
    data, validation = images(options)
    schedule = Schedule(*options.epochs)
    first = options.seeds[0]

    def all_seeds(rows, remains):
        for seed in options.seeds:
            model = dense_model(network, seed, data, schedule, results, seed == first)
            for row in rows:
                key = key_of(network, row, remains, seed)
                if key not in results:
                    small, found = run(network, row, remains, seed, model, data, validation, schedule)
                    if seed == first:
                        found |= measured_and_kept(small, data, options.output_dir, key)
                    results.store(key, found)
                    keras.backend.clear_session()

    known = rows_of(network)
    all_seeds([row for row in options.methods or known if row in known], REMAINS[0])
    all_seeds(best_rows(results, network, REMAINS[0], options.seeds)[:2], REMAINS[1])


def run_side_by_side(options) -> None:
    """A process for each network, on its share of the cores; raises SystemExit if one fails."""
    command = [sys.executable, __file__, *options.given, "--run-only", "--networks"]
    share = str(max(1, (os.cpu_count() or 1) // len(options.networks)))
    environment = {**os.environ, "TF_NUM_INTRAOP_THREADS": share, "TF_NUM_INTEROP_THREADS": share}
    running = [subprocess.Popen([*command, network], env=environment) for network in options.networks]
    failed = [network for network, process in zip(options.networks, running, strict=True) if process.wait()]
    if failed:
        raise SystemExit(f"benchmark of {', '.join(failed)} failed")


def main(arguments=None):
    given = sys.argv[1:] if arguments is None else arguments
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--samples", type=int, default=6_000, help="training images, a twelfth of them held out")
    parser.add_argument("--test-samples", type=int, default=10_000, help="test images")
    parser.add_argument("--epochs", type=int, nargs=2, default=[20, 6], metavar=("DENSE", "AFTER"))
    parser.add_argument("--data", default="fashion_mnist", help="a name or a path tfcaps.datasets.load knows")
    parser.add_argument("--networks", nargs="+", choices=list(NETWORKS), default=list(NETWORKS))
    parser.add_argument("--methods", nargs="+", help="rows of the table; all by default")
    parser.add_argument("--quick", action="store_true", help="some images, few epochs, one seed: does it run?")
    parser.add_argument(
        "--output-dir", type=Path, default=Path("out/pruning"), help="where results are kept on the way"
    )
    parser.add_argument("--report", action="store_true", help="run nothing, write the table of what there is")
    parser.add_argument("--measure-again", action="store_true", help="files and counts of the models there are")
    parser.add_argument("--run-only", action="store_true", help="write no table")
    options = parser.parse_args(given)
    options.given = given
    if options.quick:
        options.seeds, options.samples, options.epochs = [0], min(options.samples, 600), [2, 1]
        options.test_samples = min(options.test_samples, 500)
        options.methods = options.methods or ["l1"]
    options.output_dir.mkdir(parents=True, exist_ok=True)
    setting = {"data": options.data, "samples": [options.samples, options.test_samples], "epochs": options.epochs}
    if not options.report and len(options.networks) > 1:
        run_side_by_side(options)
    results = {
        name: Results(options.output_dir / f"{name}.json", setting, report.commit()) for name in options.networks
    }
    if not options.report and len(options.networks) == 1:
        (network,) = options.networks
        if options.measure_again:
            measure_again(options, results[network])
        else:
            run_network(network, options, results[network])
    if not (options.quick or options.run_only):
        write_table(results, options.seeds, images_said(options))


def images_said(options) -> str:
    """What was trained, on what, for how long."""
    return (
        f"{options.samples:,} training images of {options.data}, a twelfth of them held out for methods that compare "
        f"candidates, {options.test_samples:,} test images. Epochs: {options.epochs[0]} dense, {options.epochs[1]} "
        f"after each step of pruning, batch {BATCH}, Adam. Instructions are for one image on an emulated {BOARD}, not "
        "cycles."
    )


if __name__ == "__main__":
    main()
