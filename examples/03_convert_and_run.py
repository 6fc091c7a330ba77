"""Convert a trained capsule network to an int8 .tflite and run it in two real runtimes.

    python examples/01_train_capsnet.py --output model.keras
    python examples/03_convert_and_run.py --model model.keras --output model.tflite

Without --model it trains one for a moment first.
"""

import argparse
import os

os.environ.setdefault("TF_USE_LEGACY_KERAS", "1")  # a .keras file loads under the Keras that saved it
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from pathlib import Path

import numpy as np

import tfcaps
import tfcaps.layers  # makes its layers known to load_model
from tfcaps._keras import keras


def trained(path, data, samples):
    """The model in the file, or a small one trained on the spot."""
    if path:
        return keras.models.load_model(path, compile=False)
    keras.utils.set_random_seed(1)
    model = tfcaps.models.build("micro", data.input_shape, data.num_classes)
    model.compile(keras.optimizers.Adam(1e-3), tfcaps.losses.MarginLoss())
    model.fit(data.x_train[:samples], data.y_train[:samples], batch_size=64, epochs=2, verbose=0)
    return model


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", help="a .keras file; default: train a small one")
    parser.add_argument("--data", default="fashion_mnist", help="a name or a path tfcaps.datasets.load knows")
    parser.add_argument("--samples", type=int, default=1000, help="test images, and training images without --model")
    parser.add_argument("--output", type=Path, default=Path("model.tflite"))
    options = parser.parse_args(arguments)

    data = tfcaps.datasets.load(options.data)
    model = trained(options.model, data, options.samples)
    options.output.write_bytes(tfcaps.converters.to_tflite(model, data.calibration(200)))
    print(f"{options.output}: {options.output.stat().st_size:,} bytes")

    x, y = data.x_test[: options.samples], data.y_test[: options.samples]
    answers = {
        "float": model.predict(x, verbose=0),
        "LiteRT": tfcaps.runtime.Interpreter(options.output, backend="litert")(x),
        "TFLite Micro": tfcaps.runtime.Interpreter(options.output, backend="tflm")(x),
    }
    for name, lengths in answers.items():
        error = np.abs(lengths - answers["float"]).mean()
        print(f"{name:12} accuracy {np.mean(np.argmax(lengths, axis=1) == y):.2%}, mean length error {error:.4f}")
    print("both runtimes agree to the bit:", np.array_equal(answers["LiteRT"], answers["TFLite Micro"]))
    return answers


if __name__ == "__main__":
    main()
