"""`load` by name and by path, `Dataset` and its parts."""

import dataclasses
import subprocess
import sys

import numpy as np
import pytest

from tfcaps import datasets
from tfcaps.datasets import fashion_mnist as fashion
from tfcaps.errors import DataError


@pytest.fixture(scope="module")
def digits():
    return datasets.load("digits")


@pytest.fixture
def nowhere(tmp_path, monkeypatch):
    """No Debian package, an empty Keras cache, and no network."""
    monkeypatch.setattr(fashion, "DEBIAN_DIR", tmp_path / "debian")
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))

    def offline():
        raise OSError("the network\nis unreachable")

    monkeypatch.setattr(fashion, "_download", offline)
    return tmp_path


def images(count, seed=0, shape=(28, 28)):
    return np.random.default_rng(seed).integers(0, 256, (count, *shape), dtype=np.uint8)


def write_idx(path, array):
    header = bytes([0, 0, 8, array.ndim]) + np.array(array.shape, ">u4").tobytes()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(header + array.astype(np.uint8).tobytes())


def write_fashion(folder):
    for part, count in (("train", 20), ("t10k", 10)):
        write_idx(folder / f"{part}-images-idx3-ubyte", images(count))
        write_idx(folder / f"{part}-labels-idx1-ubyte", np.arange(count) % 10)


def test_digits(digits):
    assert digits.name == "digits"
    assert digits.num_classes == 10
    assert digits.input_shape == (8, 8, 1)
    assert len(digits.x_train) == 1437
    assert len(digits.x_test) == 360
    assert digits.x_train.dtype == digits.x_test.dtype == np.float32
    assert digits.y_train.dtype == digits.y_test.dtype == np.int64
    assert digits.x_train.min() == 0.0
    assert digits.x_train.max() == 1.0


def test_mnist5k_is_a_fixed_split():
    data = datasets.load("mnist5k")
    assert data.x_train.shape == (4000, 28, 28, 1)
    assert data.x_test.shape == (1000, 28, 28, 1)
    counts = np.bincount(np.concatenate([data.y_train, data.y_test]))
    assert counts.tolist() == [500] * 10
    again = datasets.load("mnist5k", image_size=14)
    np.testing.assert_array_equal(again.y_test, data.y_test)
    blocks = data.x_test.reshape(1000, 14, 2, 14, 2, 1).mean(axis=(2, 4))
    np.testing.assert_allclose(again.x_test, blocks, atol=1e-6)


def test_no_tensorflow_is_imported():
    code = "import sys, tfcaps; tfcaps.datasets.load('digits'); sys.exit('tensorflow' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_fashion_mnist_from_the_debian_package(nowhere):
    write_fashion(nowhere / "debian")
    data = datasets.load("fashion_mnist")
    assert data.name == "fashion_mnist"
    assert data.num_classes == 10
    assert data.x_train.shape == (20, 28, 28, 1)
    np.testing.assert_allclose(data.x_test[..., 0], images(10) / 255.0, atol=1e-6)


@pytest.mark.parametrize("folder", ["fashion-mnist", "fashion_mnist", "."])
def test_fashion_mnist_from_the_keras_cache_or_a_folder(nowhere, folder):
    write_fashion(nowhere / "keras" / "datasets" / folder)
    assert len(datasets.load("fashion_mnist").x_train) == 20
    assert len(datasets.load("fashion_mnist", data_dir=nowhere / "keras" / "datasets").x_train) == 20


def test_fashion_mnist_from_an_npz(nowhere):
    (nowhere / "d").mkdir()
    arrays = {"x_train": images(4), "y_train": np.arange(4), "x_test": images(2), "y_test": np.arange(2)}
    np.savez(nowhere / "d" / "fashion-mnist.npz", **arrays)
    assert datasets.load("fashion_mnist", data_dir=nowhere / "d").num_classes == 10


def test_fashion_mnist_downloaded(nowhere, monkeypatch):
    monkeypatch.setattr(fashion, "_download", lambda: write_fashion(nowhere / "keras/datasets/fashion-mnist"))
    assert len(datasets.load("fashion_mnist").x_train) == 20


@pytest.mark.parametrize("data_dir", [False, True])
def test_missing_fashion_mnist_names_three_ways(nowhere, data_dir):
    with pytest.raises(DataError) as caught:
        datasets.load("fashion_mnist", data_dir=nowhere if data_dir else None)
    message = str(caught.value)
    for way in ("apt-get install dataset-fashion-mnist", "load_data()", "--data-dir"):
        assert way in message
    assert "\n" not in message


def test_unknown_names_paths_and_folders(tmp_path):
    with pytest.raises(
        DataError, match=r"no data set and no file mnist: expected one of digits, fashion_mnist, mnist5k"
    ):
        datasets.load("mnist")
    with pytest.raises(DataError, match="not a data set in a known format"):
        datasets.load(tmp_path)
    with pytest.raises(DataError, match="no such folder"):
        datasets.load("fashion_mnist", data_dir=tmp_path / "no")
    with pytest.raises(DataError, match="give its path alone"):
        datasets.load(tmp_path, data_dir=tmp_path)
    for name in ("digits", "mnist5k"):
        with pytest.raises(DataError, match="leave out --data-dir"):
            datasets.load(name, data_dir=tmp_path)


def test_subset_and_calibration(digits):
    small = digits.subset(train=20, test=10, seed=3)
    assert len(small.x_train) == len(small.y_train) == 20
    assert len(small.x_test) == len(small.y_test) == 10
    assert small.num_classes == 10
    np.testing.assert_array_equal(small.x_train, digits.subset(train=20, seed=3).x_train)
    assert not np.array_equal(small.x_train, digits.subset(train=20, seed=4).x_train)
    assert digits.subset().x_train is digits.x_train
    row = np.flatnonzero((digits.x_train == small.x_train[0]).all(axis=(1, 2, 3)))
    assert small.y_train[0] in digits.y_train[row]


def test_calibration_takes_training_images_only(digits):
    marked = dataclasses.replace(digits, x_test=np.full_like(digits.x_test, 0.123))
    chosen = marked.calibration(200)
    assert chosen.shape == (200, 8, 8, 1)
    assert not np.any(chosen == np.float32(0.123))
    assert len(np.unique(marked.calibration(len(marked.x_train)), axis=0)) == len(np.unique(marked.x_train, axis=0))
    np.testing.assert_array_equal(chosen, marked.calibration(200, seed=0))


@pytest.mark.parametrize("count", [0, -1, 1438])
def test_more_images_than_there_are(digits, count):
    with pytest.raises(DataError, match="there are 1437"):
        digits.calibration(count)
    with pytest.raises(DataError, match="there are 1437"):
        digits.subset(train=count)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"y_test": np.zeros(3, np.int64)}, "360 test images but 3 labels"),
        ({"y_train": np.full(1437, 10)}, r"outside 0 \.\.\. 9"),
        ({"y_train": np.zeros(1437)}, "int64 training labels"),
        ({"x_test": np.zeros((360, 9, 8, 1), np.float32)}, "one size"),
        ({"x_test": np.zeros((360, 8, 8, 1))}, "float32 test images"),
        ({"x_train": np.zeros((0, 8, 8, 1), np.float32), "y_train": np.zeros(0, np.int64)}, "no training images"),
    ],
)
def test_inconsistent_arrays(digits, change, message):
    with pytest.raises(DataError, match=message):
        dataclasses.replace(digits, **change)
