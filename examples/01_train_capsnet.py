"""Train a small capsule network on Fashion-MNIST and look at what it answers.

python examples/01_train_capsnet.py --epochs 3
python examples/01_train_capsnet.py --model q7_mnist --data mnist5k --output q7.keras
"""

import argparse
import os

os.environ.setdefault("TF_USE_LEGACY_KERAS", "1")  # tf_keras, which pruning and quantisation need later
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np

import tfcaps
from tfcaps._keras import keras


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default="micro", help="a name tfcaps.models.build knows")
    parser.add_argument("--data", default="fashion_mnist", help="a name or a path tfcaps.datasets.load knows")
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--samples", type=int, help="train on so many images, test on a quarter of that; default all")
    parser.add_argument("--output", help="save the model here (.keras)")
    options = parser.parse_args(arguments)

    keras.utils.set_random_seed(1)
    data = tfcaps.datasets.load(options.data)
    if options.samples:
        data = data.subset(train=options.samples, test=max(options.samples // 4, 1))
    model = tfcaps.models.build(options.model, data.input_shape, data.num_classes)
    model.compile(keras.optimizers.Adam(1e-3), tfcaps.losses.MarginLoss(), metrics=["accuracy"])
    model.fit(data.x_train, data.y_train, batch_size=64, epochs=options.epochs, verbose=2)

    lengths = model.predict(data.x_test, verbose=0)
    accuracy = float(np.mean(np.argmax(lengths, axis=1) == data.y_test))
    print(f"{options.model}: {model.count_params():,} parameters, {accuracy:.2%} of {len(lengths):,} test images right")
    print("lengths of the first image's capsules:", " ".join(f"{length:.2f}" for length in lengths[0]))
    print("its class:", data.y_test[0])
    if options.output:
        model.save(options.output)
    return accuracy


if __name__ == "__main__":
    main()
