"""The main job, start to end: train a capsule network on Fashion-MNIST, prune it, quantise it, convert it, run it.

    python examples/demo.py                       60,000 training images, 10,000 test images, about five minutes
    python examples/demo.py --samples 2000        a taste

Prints one table of what each step cost and writes into --output-dir: the float model, the int8 .tflite, the table
(README's own) and three pictures.
"""

import argparse
import json
import os
import subprocess
import sys
import time

os.environ["TF_USE_LEGACY_KERAS"] = "1"  # tfmot, which prunes and quantises, knows tf_keras only

from tfcaps.cli import console, quiet

quiet.prepare_environment()
if __name__ == "__main__":  # TensorFlow announces itself when it is imported
    quiet.keep_stderr_to_ourselves()

from dataclasses import dataclass
from pathlib import Path

import numpy as np

import tfcaps
from tfcaps._keras import keras
from tfcaps.cli.training import Recipe, fit

BATCH = 128
BOARDS = {"cortex-m4": "Cortex-M4", "rv32imac": "RISC-V (rv32imac)"}
COLUMNS = ["step", "accuracy", "parameters", "non-zeros", "file, bytes", "arena, bytes", "instructions"]
CLASSES = ["T-shirt", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle boot"]


@dataclass(frozen=True)
class Step:
    """One row of the table."""

    name: str
    accuracy: float
    parameters: int
    nonzeros: int
    file_bytes: int | None = None
    arena_bytes: int | None = None
    instructions: int | None = None


def accuracy_of(lengths, data):
    return float(np.mean(np.argmax(lengths, axis=1) == data.y_test))


def keras_step(name, model, data, parameters):
    report = tfcaps.pruning.sparsity_report(model)
    accuracy = accuracy_of(model.predict(data.x_test, batch_size=500, verbose=0), data)
    return Step(name, accuracy, parameters, parameters - (report.weights - report.nonzeros))


def run_file(name, file, backend, data, before):
    """Accuracy of the file in a runtime, and the lengths it gave."""
    interpreter = tfcaps.runtime.Interpreter(file, backend=backend)
    lengths = np.empty((len(data.x_test), data.num_classes), np.float32)
    with console.progress(name, len(lengths)) as show:
        for start in range(0, len(lengths), 250):
            lengths[start : start + 250] = interpreter(data.x_test[start : start + 250])
            show(min(start + 250, len(lengths)))
    arena = interpreter.arena_used_bytes if backend == "tflm" else None
    return Step(name, accuracy_of(lengths, data), before.parameters, before.nonzeros, len(file), arena), lengths


def run_on_boards(path, images, before):
    """The file as ahead-of-time C on emulated microcontrollers, its outputs compared bit for bit on some images.

    Empty, with a word why, where compilers or emulators are not installed.
    """
    command = [sys.executable, "-m", "tfcaps.cli", "bench", path, "--json", "--images", str(images)]
    for target in BOARDS:
        command += ["--target", target]
    run = subprocess.run(command, capture_output=True, text=True)
    if run.returncode:
        print(f"Not run on microcontrollers: {run.stderr.strip()}")
        return []
    return [
        Step(f"int8 as C on {BOARDS[m['target']]}", before.accuracy, before.parameters, before.nonzeros,
             m["code_bytes"] + m["weight_bytes"], m["arena_bytes"], m["instructions"])
        for m in json.loads(run.stdout)
    ]  # fmt: skip


def compress(data, epochs, seed):
    """Train, prune and train on with int8 rounding: the quantised model, the float one, steps and training curves."""
    rates = {"float": (1.5e-3, 0.8), "pruned": (1e-3, 0.7), "QAT": (3e-4, 0.5)}
    recipes = {name: Recipe(epochs[name], BATCH, *rates[name], seed) for name in rates}
    keras.utils.set_random_seed(seed)
    model = tfcaps.models.build("micro", data.input_shape, data.num_classes)
    parameters = model.count_params()
    curves = {"float": fit(model, data, recipes["float"], what="train")}
    steps = [keras_step("float", model, data, parameters)]

    schedule = tfcaps.pruning.polynomial_decay(recipes["pruned"].steps(data), 0.5)
    pruned = tfcaps.pruning.prune_low_magnitude(model, schedule)
    curves["pruned"] = fit(pruned, data, recipes["pruned"], what="prune", callbacks=tfcaps.pruning.callbacks())
    pruned = tfcaps.pruning.strip_pruning(pruned)
    steps.append(keras_step("pruned to 50 %", pruned, data, parameters))

    quantized = tfcaps.quantization.quantize_model(pruned)
    curves["QAT"] = fit(quantized, data, recipes["QAT"], what="quantise")
    steps.append(keras_step("quantisation-aware", quantized, data, parameters))
    return model, quantized, steps, curves


def markdown(steps):
    rows = ["| " + " | ".join(COLUMNS) + " |", "|---" * len(COLUMNS) + "|"]
    for s in steps:
        numbers = s.parameters, s.nonzeros, s.file_bytes, s.arena_bytes, s.instructions
        sizes = [f"{n:,}" if n else "" for n in numbers]
        rows.append("| " + " | ".join([s.name, f"{s.accuracy:.2%}", *sizes]) + " |")
    return "\n".join(rows) + "\n"


def draw(folder, data, steps, curves, lengths):
    """Training curves, what each step weighs and scores, and sample images with the lengths they got."""
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(7, 4), layout="constrained")
    start = 0
    for name, results in curves.items():
        epochs = [start + r.epoch for r in results]
        (line,) = axes.plot(epochs, [r.test_accuracy for r in results], "o-", label=f"{name}: test")
        axes.plot(epochs, [r.accuracy for r in results], "--", color=line.get_color(), label=f"{name}: training")
        start = epochs[-1]
    axes.set(xlabel="epoch", ylabel="accuracy", title="Training, pruning, quantisation-aware training")
    axes.grid(alpha=0.3)
    axes.legend()
    figure.savefig(folder / "training.png", dpi=120)

    figure, axes = plt.subplots(figsize=(7, 4), layout="constrained")
    # Non-zero weights of four bytes in float; the int8 file as it is. A runtime stores zeros too.
    for step, marker in zip(steps, "osD^v", strict=False):
        size = (step.file_bytes or 4 * step.nonzeros) / 1000
        axes.plot(size, 100 * step.accuracy, marker, ms=9, alpha=0.7, label=step.name)
    axes.set(xlabel="kB: non-zero float32 weights, or the int8 file", ylabel="test accuracy, %",
             title="Size against accuracy")  # fmt: skip
    axes.set_xlim(left=0)
    axes.margins(y=0.2)
    axes.grid(alpha=0.3)
    axes.legend()
    figure.savefig(folder / "sizes.png", dpi=120)

    shown = [int(np.flatnonzero(data.y_test == c)[0]) for c in range(data.num_classes) if c in data.y_test]
    figure, grid = plt.subplots(4, -(-len(shown) // 2), figsize=(12, 6), layout="constrained",
                                height_ratios=[2, 1, 2, 1])  # fmt: skip
    for axes in grid.flat:
        axes.axis("off")
    for k, n in enumerate(shown):
        image, bars = (grid[2 * (k % 2) + row, k // 2] for row in (0, 1))
        image.imshow(data.x_test[n].squeeze(), cmap="gray_r")
        label = int(data.y_test[n])
        image.set_title(f"{label}: {CLASSES[label]}" if data.name == "fashion_mnist" else str(label), fontsize=10)
        colours = ["tab:green" if c == data.y_test[n] else "tab:gray" for c in range(data.num_classes)]
        bars.axis("on")
        bars.bar(range(data.num_classes), lengths[n], color=colours)
        bars.set(ylim=(0, 1), xticks=range(data.num_classes), yticks=[0, 1])
        bars.tick_params(labelsize=7)
    figure.suptitle("Test images and the capsule lengths of the int8 network (green: the true class)")
    figure.savefig(folder / "samples.png", dpi=120)


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", default="fashion_mnist", help="a name or a path tfcaps.datasets.load knows")
    parser.add_argument("--data-dir", help="where the data set's files are")
    parser.add_argument("--samples", type=int, help="train on so many images, test on a sixth of that; default all")
    parser.add_argument("--epochs", type=int, nargs=3, default=[8, 3, 2], metavar=("FLOAT", "PRUNE", "QAT"))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--output-dir", type=Path, default=Path("out/demo"))
    options = parser.parse_args(arguments)
    options.output_dir.mkdir(parents=True, exist_ok=True)
    started = time.monotonic()

    data = tfcaps.datasets.load(options.data, data_dir=options.data_dir)
    if options.samples:
        data = data.subset(train=options.samples, test=max(options.samples // 6, 1))
    epochs = dict(zip(("float", "pruned", "QAT"), options.epochs, strict=True))
    model, quantized, steps, curves = compress(data, epochs, options.seed)
    model.save(options.output_dir / "float.keras")

    file = tfcaps.converters.to_tflite(quantized)
    (options.output_dir / "micro.tflite").write_bytes(file)
    litert, lengths = run_file("int8 in LiteRT", file, "litert", data, steps[-1])
    tflm, same = run_file("int8 in TFLite Micro", file, "tflm", data, steps[-1])
    steps += [litert, tflm]

    draw(options.output_dir, data, steps, curves, lengths)
    steps += run_on_boards(options.output_dir / "micro.tflite", 3, litert)

    rows = [[s.name, f"{s.accuracy:.2%}", s.parameters, s.nonzeros, s.file_bytes, s.arena_bytes, s.instructions]
            for s in steps]  # fmt: skip
    console.print_table(f"micro on {data.name}, {len(data.x_test):,} test images", COLUMNS, rows)
    (options.output_dir / "table.md").write_text(markdown(steps), encoding="utf-8")
    agree = np.array_equal(lengths, same)
    print(f"The two runtimes {'agree to the bit' if agree else 'DIFFER'} on all {len(lengths):,} images.")
    if steps[-1].instructions:
        print("The microcontrollers are emulated: exact instructions for one image, which are not cycles; the bits are"
              " those of TFLite Micro; file means flash, code and weights.")  # fmt: skip
    print(f"{time.monotonic() - started:.0f} seconds. Files and pictures are in {options.output_dir}/")
    return steps if agree else None


if __name__ == "__main__":
    raise SystemExit(0 if main() else 1)
