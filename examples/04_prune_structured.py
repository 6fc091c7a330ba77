"""Make a capsule network smaller, train it on with int8 rounding, convert it, run it in both runtimes and on boards.

python examples/04_prune_structured.py
python examples/04_prune_structured.py --method taylor --target instructions=0.5 --picture small.png
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile

os.environ["TF_USE_LEGACY_KERAS"] = "1"  # quantisation-aware training is tfmot's, which knows tf_keras only
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from pathlib import Path

import numpy as np

import tfcaps
from tfcaps._keras import keras

BOARDS = ("cortex-m4", "rv32imac")


def train(model, data, epochs, rate):
    """Compile and fit; the accuracy on the test images."""
    model.compile(keras.optimizers.Adam(rate), tfcaps.losses.MarginLoss())
    model.fit(data.x_train, data.y_train, batch_size=64, epochs=epochs, verbose=0)
    return accuracy(model.predict(data.x_test, verbose=0), data)


def accuracy(lengths, data):
    return float(np.mean(np.argmax(lengths, axis=1) == data.y_test))


def run_on_boards(file):
    """What `tfcaps bench` counts, which also compares outputs with the host's; nothing where emulators are missing."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "small.tflite")
        path.write_bytes(file)
        command = [sys.executable, "-m", "tfcaps.cli", "bench", str(path), "--json"]
        for board in BOARDS:
            command += ["--target", board]
        run = subprocess.run(command, capture_output=True, text=True)
    if run.returncode:
        print(f"Not run on microcontrollers: {run.stderr.strip()}")
        return []
    return json.loads(run.stdout)


def read_target(text):
    metric, _, value = text.partition("=")
    return {metric: float(value)}


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default="micro", help="a name tfcaps.models.build knows")
    parser.add_argument("--data", default="fashion_mnist", help="a name or a path tfcaps.datasets.load knows")
    parser.add_argument("--samples", type=int, help="train on so many images, test on a quarter of that; default all")
    parser.add_argument("--epochs", type=int, nargs=3, default=[3, 2, 1], metavar=("FLOAT", "PRUNED", "QAT"))
    parser.add_argument("--method", default="l1", help="a name in tfcaps.pruning.METHODS")
    parser.add_argument("--target", type=read_target, default={"macs": 0.5}, help="what may remain, such as macs=0.5")
    parser.add_argument("--output", type=Path, help="write the int8 model here (.tflite)")
    parser.add_argument("--picture", type=Path, help="draw what became of each layer here (.png)")
    options = parser.parse_args(arguments)

    keras.utils.set_random_seed(1)
    data = tfcaps.datasets.load(options.data)
    if options.samples:
        data = data.subset(train=options.samples, test=max(options.samples // 4, 1))
    model = tfcaps.models.build(options.model, data.input_shape, data.num_classes)
    train(model, data, options.epochs[0], 1.5e-3)

    tuning = {"epochs": options.epochs[1], "batch_size": 64, "learning_rate": 1e-3, "decay": 0.7}
    result = tfcaps.pruning.prune(model, options.method, target=options.target, data=data, fine_tune=tuning)
    result.report.show()
    if options.picture:
        result.report.draw(options.picture)

    quantized = tfcaps.quantization.quantize_model(result.model)
    accuracies = {"float": result.report.accuracy.before, "pruned": result.report.accuracy.fine_tuned}
    accuracies["quantised"] = train(quantized, data, options.epochs[2], 3e-4)
    file = tfcaps.converters.to_tflite(quantized)
    answers = {}
    for backend in ("litert", "tflm"):
        answers[backend] = tfcaps.runtime.Interpreter(file, backend=backend)(data.x_test)
        accuracies[backend] = accuracy(answers[backend], data)
    for name, value in accuracies.items():
        print(f"{name:10} {value:8.2%}")
    print(f"The runtimes agree to the bit: {np.array_equal(*answers.values())}. The file has {len(file):,} bytes.")
    measured = run_on_boards(file)
    for m in measured:
        counted = f"{m['instructions']:,} instructions (not cycles), arena of {m['arena_bytes']:,} bytes"
        print(f"{m['target']:10} {counted}")
    if options.output:
        options.output.write_bytes(file)
    return result, accuracies, measured


if __name__ == "__main__":
    main()
