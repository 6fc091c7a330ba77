"""Quantisation-aware training of `micro` on Fashion-MNIST: int8 against float, dense and at 50 % sparsity.

Per seed: train in float; train on with fake quantisation; prune to 50 % and train that on with fake quantisation. Every
int8 figure is of the converted file in LiteRT's reference kernels on all 10,000 test images. For comparison also the
post-training quantised file, and a float network trained for as many epochs as the quantised one in all.
"""

from __future__ import annotations

import argparse
import os

os.environ.setdefault("TF_USE_LEGACY_KERAS", "1")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
import report

import tfcaps
from tfcaps._keras import keras
from tfcaps.runtime import Interpreter

BATCH = 128


def fit(model, data, epochs, rate, decay, **options):
    """Adam on the margin loss, the rate falling by `decay` an epoch."""
    model.compile(keras.optimizers.Adam(rate), tfcaps.losses.MarginLoss())
    schedule = keras.callbacks.LearningRateScheduler(lambda epoch: rate * decay**epoch)
    callbacks = [schedule, *options.pop("callbacks", [])]
    model.fit(data.x_train, data.y_train, batch_size=BATCH, epochs=epochs, verbose=2, callbacks=callbacks)
    return model


def accuracy(lengths, data) -> float:
    return float(np.mean(np.argmax(lengths, axis=1) == data.y_test))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--epochs", type=int, nargs=3, default=[6, 3, 2], metavar=("FLOAT", "PRUNE", "QAT"))
    options = parser.parse_args()
    data = tfcaps.datasets.load("fashion_mnist")
    float_epochs, prune_epochs, qat_epochs = options.epochs
    rows = []
    for seed in options.seeds:
        keras.utils.set_random_seed(seed)
        model = fit(tfcaps.models.build("micro"), data, float_epochs, 1.5e-3, 0.75)
        base = accuracy(model.predict(data.x_test, batch_size=500, verbose=0), data)
        ptq = tfcaps.converters.to_tflite(model, data.calibration(500))
        dense = fit(tfcaps.quantization.quantize_model(model), data, qat_epochs, 3e-4, 0.5)

        steps = prune_epochs * -(-len(data.x_train) // BATCH)
        schedule = tfcaps.pruning.polynomial_decay(steps, 0.5)
        pruned = tfcaps.pruning.prune_low_magnitude(model, schedule)
        fit(pruned, data, prune_epochs, 1e-3, 0.7, callbacks=tfcaps.pruning.callbacks())
        sparse_model = tfcaps.pruning.strip_pruning(pruned)
        sparse = fit(tfcaps.quantization.quantize_model(sparse_model), data, qat_epochs, 3e-4, 0.5)
        report_sparse = tfcaps.pruning.sparsity_report(sparse)

        keras.utils.set_random_seed(seed)
        longer = keras.models.clone_model(model)
        longer.set_weights(model.get_weights())
        fit(longer, data, qat_epochs, 3e-4, 0.5)
        longer_accuracy = accuracy(longer.predict(data.x_test, batch_size=500, verbose=0), data)

        int8 = [accuracy(Interpreter(f)(data.x_test), data)
                for f in (ptq, tfcaps.converters.to_tflite(dense), tfcaps.converters.to_tflite(sparse))]  # fmt: skip
        rows.append([seed, *(f"{a:.2%}" for a in (base, longer_accuracy, *int8)), f"{report_sparse.sparsity:.1%}"])
        print(rows[-1], flush=True)
    columns = ["seed", "float", "float, trained on as long", "int8, post-training", "int8, QAT",
               "int8, 50 % pruned + QAT", "zeros"]  # fmt: skip
    notes = f"Epochs: {float_epochs} float, {prune_epochs} pruning, {qat_epochs} quantisation-aware; batch {BATCH}."
    report.write("qat", "micro on Fashion-MNIST: quantisation-aware training", columns, rows, notes)


if __name__ == "__main__":
    main()
