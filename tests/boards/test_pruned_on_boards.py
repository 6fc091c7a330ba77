"""What every pruning method leaves goes all the way: trained for int8, converted, run in two runtimes, on a board."""

import numpy as np
import pytest
from bench_command import bench_json
from on_boards import any_board

import tfcaps
from tfcaps._keras import keras
from tfcaps.pruning import METHODS, prune
from tfcaps.pruning.methods import remove_input_capsules
from tfcaps.runtime import Interpreter

LAYERS = keras.layers
SHORT = {
    "eagleeye": {"candidates": 3, "batches": 2, "samples": 40},
    "sbpf": {"damages": (0.5,), "repeats": 1, "samples": 40},
    "slimming": {"epochs": 1},
    "smcp": {"epochs": 1, "solves": 2},
}


def network():
    """A convolution with batch normalisation, 4 types of capsules at 9 places, 4 classes."""
    keras.utils.set_random_seed(0)
    image = keras.Input((12, 12, 1))
    h = LAYERS.Conv2D(8, 3, use_bias=False, name="conv1")(image)
    h = LAYERS.ReLU(name="relu1")(LAYERS.BatchNormalization(name="norm1")(h))
    u = tfcaps.layers.primary_capsules(h, types=4, dim=4, kernel_size=4, strides=3)
    v = tfcaps.layers.CapsuleDense(4, 4, name="class_caps")(u)
    return keras.Model(image, tfcaps.layers.CapsuleLength(name="lengths")(v), name="net")


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(0)
    return rng.random((48, 12, 12, 1), np.float32), np.arange(48) % 4


def single_input_capsules(model, data):
    return remove_input_capsules(model, {"class_caps": np.random.default_rng(0).random(36) < 0.6})


def of_method(method):
    def smaller(model, data):
        tuning = {"epochs": 1, "batch_size": 16}
        return prune(model, method, target={"macs": 0.7}, data=data, fine_tune=tuning, **SHORT.get(method, {})).model

    return smaller


WAYS = {"single input capsules": single_input_capsules, **{method: of_method(method) for method in METHODS}}


@pytest.fixture(scope="module", params=list(WAYS))
def file(request, data, tmp_path_factory):
    """The smaller model after training for int8, as a .tflite."""
    small = WAYS[request.param](network(), data)
    assert small.count_params() < network().count_params()
    quantised = tfcaps.quantization.quantize_model(small)
    quantised.compile("adam", tfcaps.losses.MarginLoss())
    quantised.fit(*data, batch_size=16, verbose=0)
    path = tmp_path_factory.mktemp("pruned") / "small.tflite"
    path.write_bytes(tfcaps.converters.to_tflite(quantised))
    return path


def test_both_runtimes_agree(file, data):
    answers = [Interpreter(file, backend=backend)(data[0][:8]) for backend in ("litert", "tflm")]
    np.testing.assert_array_equal(*answers)


@any_board
def test_boards_give_the_bits_of_the_host(board, file):
    (found,) = bench_json(file, "--target", board.name, "--images", 2)
    assert found["exact"] is True
