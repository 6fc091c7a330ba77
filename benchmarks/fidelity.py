"""Post-training int8 against float, where routing could die unnoticed: q7_mnist on MNIST-5k and on Fashion-MNIST.

Trains both networks, converts them with 500 training images and compares on the test images; also measures how long
conversion and simulation take. Figures are those of `tfcaps compare`.
"""

from __future__ import annotations

import argparse
import os
import time

os.environ.setdefault("TF_USE_LEGACY_KERAS", "1")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import report

import tfcaps
from tfcaps._keras import keras
from tfcaps.converters.compare import compare
from tfcaps.quantization.simulator import Simulator
from tfcaps.runtime import Interpreter


def trained(data: tfcaps.datasets.Dataset, epochs: int, batch: int, seed: int):
    """q7_mnist, trained with Adam 1e-3 on the margin loss."""
    keras.utils.set_random_seed(seed)
    model = tfcaps.models.build("q7_mnist", data.input_shape, data.num_classes)
    model.compile(keras.optimizers.Adam(1e-3), tfcaps.losses.MarginLoss())
    model.fit(data.x_train, data.y_train, batch_size=batch, epochs=epochs, verbose=2)
    return model


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--mnist-epochs", type=int, default=10)
    parser.add_argument("--fashion-epochs", type=int, default=3)
    options = parser.parse_args()
    rows, speeds = [], []
    for seed in options.seeds:
        trainings = (("mnist5k", options.mnist_epochs, 32), ("fashion_mnist", options.fashion_epochs, 64))
        for name, epochs, batch in trainings:
            data = tfcaps.datasets.load(name)
            model = trained(data, epochs, batch, seed)
            calibration = data.calibration(500)
            start = time.perf_counter()
            file = tfcaps.converters.to_tflite(model, data.calibration(200))
            conversion = time.perf_counter() - start
            for kind, fit in (("fitted", True), ("min-max", False)):
                file = tfcaps.converters.to_tflite(model, calibration, fit_squash_range=fit)
                c = compare(model, file, data.x_test, data.y_test)
                rows.append([name, seed, epochs, kind, f"{c.accuracy_float:.2%}", f"{c.accuracy_int8:.2%}",
                             f"{c.agreement:.2%}", f"{c.mean_length_error:.4f}", f"{c.coupling_correlation:.4f}",
                             c.coupling_sum_error_lsb, c.samples])  # fmt: skip
            info = Interpreter(file).inputs[0]
            q = (data.x_test[:500] / info.scale + info.zero_point).round().astype("int8")
            start = time.perf_counter()
            Simulator(file).invoke(q)
            speeds.append((name, conversion, 60 * len(q) / (time.perf_counter() - start)))
    columns = ["data", "seed", "epochs", "pre-squash range", "float", "int8", "agreement", "mean length error",
               "coupling correlation", "coupling sum error, 2^-15", "test images"]  # fmt: skip
    timing = "; ".join(
        f"{name}: conversion with 200 images {seconds:.1f} s, simulator {rate:,.0f} images a minute"
        for name, seconds, rate in speeds
    )
    report.write("fidelity", "q7_mnist, post-training int8 against float", columns, rows, f"{timing}.")


if __name__ == "__main__":
    main()
