"""Every pruning method on Fashion-MNIST: what is left of the accuracy, and what is left to be stored and computed.

Per network and seed: train the dense network; prune it by each method to half of its multiply-accumulates; train that
on. The best method of each network, by the first seed, is also taken to 30 %. All methods have the same images, the
same epochs and the same step sizes after pruning; a method that starts again from fresh weights gets the epochs of the
dense network instead. "dense, trained on" is what the same further epochs do without pruning. Files, arenas and
instructions are those of the first seed.

Every result is stored at once, so that a run that was stopped goes on where it was.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import time

os.environ.setdefault("TF_USE_LEGACY_KERAS", "1")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import report

import tfcaps
from tfcaps._keras import keras
from tfcaps.errors import TfcapsError
from tfcaps.micro import boards
from tfcaps.micro.boards.vectors import host, random_vectors
from tfcaps.pruning import METHODS, ChannelGraph, CostModel, prune
from tfcaps.runtime import Interpreter

BATCH = 64
BOARD = "cortex-m4"
FIRST_SEED = 0
DENSE, TRAINED_ON = "dense", "dense, trained on"


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
    "micro": (micro, tfcaps.losses.MarginLoss(), 1.5e-3),
    "vgg_small": (vgg_small, "sparse_categorical_crossentropy", 2e-3),
}


@dataclass(frozen=True)
class Schedule:
    """Epochs, and what the step size is multiplied by after each of them; it begins at half the dense network's."""

    dense: int
    fine_tune: int
    dense_decay: float = 0.8
    decay: float = 0.6


class Cache:
    """Results by key, in a file that every new one is written to at once."""

    def __init__(self, path: Path, setting: dict) -> None:
        self.path, self.setting = path, setting
        stored = json.loads(path.read_text()) if path.exists() else {}
        self.results = stored["results"] if stored.get("setting") == setting else {}
        self.commit = stored.get("commit") or report.commit()

    def __contains__(self, key: str) -> bool:
        return key in self.results

    def __getitem__(self, key: str) -> dict:
        return self.results[key]

    def store(self, key: str, result: dict) -> None:
        self.results[key] = result
        part = self.path.with_suffix(".part")
        part.write_text(json.dumps({"setting": self.setting, "commit": self.commit, "results": self.results}, indent=1))
        part.replace(self.path)
        print(key, json.dumps(result), flush=True)


def fit(model, network, data, epochs, rate, decay):
    model.compile(keras.optimizers.Adam(rate), NETWORKS[network][1])
    schedule = keras.callbacks.LearningRateScheduler(lambda epoch: rate * decay**epoch)
    model.fit(data.x_train, data.y_train, batch_size=BATCH, epochs=epochs, verbose=0, callbacks=[schedule])
    return model


def accuracy(model, data) -> float:
    return float(np.mean(np.argmax(model.predict(data.x_test, batch_size=500, verbose=0), axis=1) == data.y_test))


def measure(model, data, cost) -> dict:
    """What the model is as an int8 file, in TFLite Micro and as C on an emulated board; and what was predicted."""
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
        plan = tfcaps.converters.to_c(file, Path(name, "c"), name=boards.MODEL_NAME, **layout_of(board))
        program = plan.program
        ends = ([program.tensors[k] for k in indices] for indices in (program.inputs, program.outputs))
        inputs, expected = random_vectors(host(file), *ends, 1, 0)
        on_board = boards.measure(board, Path(name, "c"), inputs, expected, Path(name, board.name))
    if not on_board.exact:
        raise AssertionError(f"outputs on {board.name} differ from the host's")
    return {**found, "arena_bytes": plan.arena_bytes, "instructions": on_board.instructions}


def layout_of(board) -> dict:
    """The layout of weights that suits a board best, as `tfcaps bench` chooses it."""
    layout = getattr(board, "layout", None)
    return {} if layout is None else {"layout": layout}


def dense_model(network, seed, data, schedule, folder, cache):
    """The trained dense network, and its results once."""
    build, _, rate = NETWORKS[network]
    path = folder / f"{network}_{seed}.npz"
    keras.utils.set_random_seed(seed)
    model = build(data.input_shape, data.num_classes)
    key = f"{network}/{DENSE}/1/{seed}"
    if key in cache and path.exists():
        with np.load(path) as stored:
            model.set_weights([stored[f"arr_{k}"] for k in range(len(stored.files))])
        return model
    started = time.monotonic()
    fit(model, network, data, schedule.dense, rate, schedule.dense_decay)
    np.savez(path, *model.get_weights())
    seconds = time.monotonic() - started
    cost = CostModel(ChannelGraph(model)).dense
    found = {
        "fine_tuned": accuracy(model, data),
        "seconds": seconds,
        "parameters": cost.parameters,
        "macs": cost.macs,
        **(measure(model, data, cost) if seed == FIRST_SEED else {}),
    }
    cache.store(key, found)
    longer = keras.models.clone_model(model)
    longer.set_weights(model.get_weights())
    fit(longer, network, data, schedule.fine_tune, rate / 2, schedule.decay)
    cache.store(f"{network}/{TRAINED_ON}/1/{seed}", {"fine_tuned": accuracy(longer, data)})
    return model


def run(network, row, remains, seed, model, data, validation, schedule) -> dict:
    """One row of one seed."""
    _, loss, rate = NETWORKS[network]
    method, options = ROWS.get(row, (row, {}))
    if "max_rate" in METHODS[method].options():
        options = {"max_rate": MAX_RATE, **options}
    fresh = METHODS[method].from_scratch
    epochs = max(schedule.dense, schedule.fine_tune) if fresh else schedule.fine_tune
    steps = (rate, schedule.dense_decay) if fresh else (rate / 2, schedule.decay)
    how = {"epochs": epochs, "batch_size": BATCH, "learning_rate": steps[0], "decay": steps[1]}
    started = time.monotonic()
    result = prune(
        model,
        method,
        target={"macs": remains},
        data=data,
        validation=validation,
        fine_tune=how,
        loss=loss,
        seed=seed,
        **options,
    )
    seconds = time.monotonic() - started
    totals = result.report.totals
    return {
        "pruned": result.report.accuracy.pruned,
        "fine_tuned": result.report.accuracy.fine_tuned,
        "seconds": seconds,
        "parameters": totals["parameters"].after,
        "macs": totals["macs"].after,
        **(measure(result.model, data, CostModel(ChannelGraph(result.model)).dense) if seed == FIRST_SEED else {}),
    }


def rows_of(network: str) -> list[str]:
    """The rows of a network's table: every method, some of them in several ways."""
    listed = {method for method, _ in ROWS.values()}
    names = [*ROWS, *(name for name in METHODS if name not in listed)]
    return sorted(name for name in names if network == "micro" or name != "capsules")


# More than one way to use a method, by what the table calls it: the method's name and its options.
ROWS: dict[str, tuple[str, dict]] = {
    "complexity, FA": ("complexity", {"mode": "macs"}),
    "complexity, MA": ("complexity", {"mode": "memory"}),
    "complexity, PA": ("complexity", {"mode": "parameters"}),
    # The paper's step size is for whole trainings from the beginning.
    "slimming": ("slimming", {"learning_rate": 0.01, "epochs": 2}),
}
MAX_RATE = 0.8  # of a layer, for all methods that have such a limit: little is trained after pruning


def mean(cache, network, row, remains, seeds, figure):
    """The mean of a figure over those seeds that have it, or None."""
    found = [cache[key].get(figure) for seed in seeds if (key := f"{network}/{row}/{remains}/{seed}") in cache]
    found = [value for value in found if value is not None]
    return sum(found) / len(found) if found else None


def against_dense(cache, network, row, remains, seeds):
    """Points of accuracy that a row has more than the dense network, over the seeds that the row has."""
    having = [seed for seed in seeds if f"{network}/{row}/{remains}/{seed}" in cache]
    dense = mean(cache, network, DENSE, 1, having, "fine_tuned")
    return None if dense is None else 100 * (mean(cache, network, row, remains, having, "fine_tuned") - dense)


def best_row(cache, network, remains, seeds) -> str:
    """The row of the highest accuracy."""
    return max(rows_of(network), key=lambda row: mean(cache, network, row, remains, seeds, "fine_tuned") or 0.0)


def table(cache, seeds, remains) -> list[list[str]]:
    """All rows: the dense network first, then the methods, the best of them first."""
    lines = []
    for network in NETWORKS:
        found = [(1, DENSE), (1, TRAINED_ON)]
        for part in remains:
            ranked = [(mean(cache, network, row, part, seeds, "fine_tuned"), row) for row in rows_of(network)]
            found += [
                (part, row) for value, row in sorted(ranked, key=lambda pair: -(pair[0] or 0.0)) if value is not None
            ]
        for part, row in found:
            cells = [cache[key] for seed in seeds if (key := f"{network}/{row}/{part}/{seed}") in cache]
            if not cells:
                continue
            tuned = [cell["fine_tuned"] for cell in cells]
            after = mean(cache, network, row, part, seeds, "fine_tuned")
            lines.append([
                network, row, f"{part:.0%}", len(cells),
                _percent(mean(cache, network, row, part, seeds, "pruned")),
                f"{after:.2%}" + (f" ± {100 * np.std(tuned):.2f}" if len(tuned) > 1 else ""),
                f"{against_dense(cache, network, row, part, seeds):+.2f}",
                *(_number(mean(cache, network, row, part, seeds, figure)) for figure in FIGURES),
            ])  # fmt: skip
    return lines


FIGURES = ("macs", "parameters", "tflite_bytes", "tflm_arena_bytes", "predicted_arena_bytes", "arena_bytes",
           "instructions", "seconds")  # fmt: skip
COLUMNS = ["network", "method", "MAC left", "seeds", "pruned", "fine-tuned", "points against dense", "MAC",
           "parameters", ".tflite, bytes", "arena of TFLite Micro", "arena of C, predicted", "arena of C",
           "instructions", "seconds"]  # fmt: skip


def _percent(value):
    return "" if value is None else f"{value:.2%}"


def _number(value):
    return "" if value is None else f"{round(value):,}"


def verdict(cache, seeds) -> str:
    """What the table says about the best method and about random."""
    said = []
    for network in NETWORKS:
        for part in (0.5, 0.3):
            row = best_row(cache, network, 0.5, seeds[:1])
            points = against_dense(cache, network, row, part, seeds)
            if points is not None:
                said.append(f"{network} at {part:.0%}: {row}, {points:+.2f} points against dense")
        points = {row: against_dense(cache, network, row, 0.5, seeds) for row in rows_of(network)}
        if points["random"] is not None:
            below = sorted(row for row, value in points.items() if value is not None and value < points["random"])
            said.append(f"{network}, below random: {' and '.join(below) or 'none'}")
    return "; ".join(said) + "."


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--samples", type=int, default=6_000, help="training images, a twelfth of them held out")
    parser.add_argument("--test-samples", type=int, default=5_000, help="test images")
    parser.add_argument("--epochs", type=int, nargs=2, default=[8, 6], metavar=("DENSE", "AFTER"))
    parser.add_argument("--data", default="fashion_mnist", help="a name or a path tfcaps.datasets.load knows")
    parser.add_argument("--networks", nargs="+", choices=list(NETWORKS), default=list(NETWORKS))
    parser.add_argument("--methods", nargs="+", help="rows of the table; all by default")
    parser.add_argument("--quick", action="store_true", help="some images, one epoch, one seed: does it run?")
    parser.add_argument(
        "--output-dir", type=Path, default=Path("out/pruning"), help="where results are kept on the way"
    )
    parser.add_argument("--report", action="store_true", help="run nothing, write the table of what there is")
    parser.add_argument("--merge", type=Path, nargs="+", default=[], help="with --report: other folders of results")
    options = parser.parse_args(arguments)
    if options.quick:
        options.seeds, options.samples, options.epochs = [0], min(options.samples, 600), [2, 1]
        options.test_samples = min(options.test_samples, 500)
        options.methods = options.methods or ["l1"]
    options.output_dir.mkdir(parents=True, exist_ok=True)
    schedule = Schedule(*options.epochs)
    samples = [options.samples, options.test_samples]
    setting = {"data": options.data, "samples": samples, "epochs": options.epochs}
    cache = Cache(options.output_dir / "results.json", setting)
    for folder in options.merge:
        cache.results.update(Cache(folder / "results.json", setting).results)
    if not options.report:
        run_all(options, cache, schedule)
    lines = table(cache, options.seeds, (0.5, 0.3))
    notes = (
        f"{options.samples:,} training images of {options.data}, a twelfth of them held out for methods that compare "
        f"candidates, {options.test_samples:,} test images. Epochs: {schedule.dense} dense, {schedule.fine_tune} after "
        f"pruning, batch {BATCH}, Adam. No layer loses more than {MAX_RATE:.0%}. Accuracies, MAC, parameters and "
        f"seconds are means over seeds; files, arenas (bytes) and instructions are of the first seed. Instructions are "
        f"for one image on an emulated {BOARD}, not cycles; the code was that of commit {cache.commit}.\n\n"
        f"{verdict(cache, options.seeds)}"
    )
    if not options.quick:
        report.write("pruning", "Structured pruning on Fashion-MNIST", COLUMNS, lines, notes)
    return lines


def run_all(options, cache, schedule) -> None:
    data = tfcaps.datasets.load(options.data)
    data = data.subset(train=options.samples, test=min(options.test_samples, len(data.x_test)), seed=0)
    held_out = len(data.x_train) // 12
    validation = (data.x_train[:held_out], data.y_train[:held_out])
    data = dataclasses.replace(data, x_train=data.x_train[held_out:], y_train=data.y_train[held_out:])
    for seed in options.seeds:
        for network in options.networks:
            model = dense_model(network, seed, data, schedule, options.output_dir, cache)

            def one(row, remains, network=network, seed=seed, model=model):
                key = f"{network}/{row}/{remains}/{seed}"
                if key not in cache:
                    cache.store(key, run(network, row, remains, seed, model, data, validation, schedule))
                    keras.backend.clear_session()

            known = rows_of(network)
            for row in [row for row in options.methods or known if row in known]:
                one(row, 0.5)
            # The first seed says which method is the best one.
            one(best_row(cache, network, 0.5, options.seeds[:1]), 0.3)


if __name__ == "__main__":
    main()
