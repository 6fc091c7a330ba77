"""Prune a capsule network to half of its weights, then train it on with int8 rounding in it.

python examples/02_prune_and_quantize.py --epochs 2
python examples/02_prune_and_quantize.py --sparsity 0.8 --output pruned_qat.tflite
"""

import argparse
import os

os.environ["TF_USE_LEGACY_KERAS"] = "1"  # tfmot, which prunes and quantises, knows tf_keras only
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from pathlib import Path

import numpy as np

import tfcaps
from tfcaps._keras import keras


def train(model, data, epochs, rate, **options):
    """Compile and fit; the accuracy on the test images."""
    model.compile(keras.optimizers.Adam(rate), tfcaps.losses.MarginLoss())
    model.fit(data.x_train, data.y_train, batch_size=64, epochs=epochs, verbose=0, **options)
    return float(np.mean(np.argmax(model.predict(data.x_test, verbose=0), axis=1) == data.y_test))


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default="micro", help="a name tfcaps.models.build knows")
    parser.add_argument("--data", default="fashion_mnist", help="a name or a path tfcaps.datasets.load knows")
    parser.add_argument("--epochs", type=int, default=2, help="of each of the three trainings")
    parser.add_argument("--samples", type=int, help="train on so many images, test on a quarter of that; default all")
    parser.add_argument("--sparsity", type=float, default=0.5)
    parser.add_argument("--output", type=Path, help="write the int8 model here (.tflite)")
    options = parser.parse_args(arguments)

    keras.utils.set_random_seed(1)
    data = tfcaps.datasets.load(options.data)
    if options.samples:
        data = data.subset(train=options.samples, test=max(options.samples // 4, 1))
    model = tfcaps.models.build(options.model, data.input_shape, data.num_classes)
    results = {"float": (train(model, data, options.epochs, 1e-3), model)}

    steps = options.epochs * -(-len(data.x_train) // 64)
    schedule = tfcaps.pruning.polynomial_decay(steps, options.sparsity)
    pruned = tfcaps.pruning.prune_low_magnitude(model, schedule)
    accuracy = train(pruned, data, options.epochs, 1e-3, callbacks=tfcaps.pruning.callbacks())
    pruned = tfcaps.pruning.strip_pruning(pruned)
    results["pruned"] = (accuracy, pruned)

    quantized = tfcaps.quantization.quantize_model(pruned)  # zeros stay zeros
    results["quantised"] = (train(quantized, data, options.epochs, 3e-4), quantized)

    print(f"{'':10} accuracy  weights  non-zero")
    for name, (accuracy, result) in results.items():
        report = tfcaps.pruning.sparsity_report(result)
        print(f"{name:10} {accuracy:8.2%} {report.weights:8,} {report.nonzeros:9,}")
    if options.output:
        options.output.write_bytes(tfcaps.converters.to_tflite(quantized))
    return {name: (accuracy, tfcaps.pruning.sparsity_report(result)) for name, (accuracy, result) in results.items()}


if __name__ == "__main__":
    main()
