"""Every file format: read back what was written, and refuse what is damaged in one line that names the file."""

import contextlib
import gzip
import os
import pickle
import struct
import zipfile

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tfcaps import datasets
from tfcaps.datasets import files, pickles
from tfcaps.errors import DataError

RNG = np.random.default_rng(0)


def pixels(*shape):
    return RNG.integers(0, 256, shape, dtype=np.uint8)


def refused(path, match, file=None):
    with pytest.raises(DataError, match=match) as caught:
        datasets.load(path)
    assert str(file or path) in str(caught.value)
    assert "\n" not in str(caught.value)


# --- idx


def idx_bytes(array, code=8):
    dtype = {8: ">u1", 12: ">i4"}[code]
    return bytes([0, 0, code, array.ndim]) + np.array(array.shape, ">u4").tobytes() + array.astype(dtype).tobytes()


IDX = {
    "train-images-idx3-ubyte": pixels(12, 6, 5),
    "train-labels-idx1-ubyte": np.arange(12) % 4,
    "t10k-images-idx3-ubyte": pixels(4, 6, 5),
    "t10k-labels-idx1-ubyte": np.arange(4),
}


@pytest.fixture
def idx_folder(tmp_path):
    for name, array in IDX.items():
        (tmp_path / name).write_bytes(idx_bytes(array))
    return tmp_path


@pytest.mark.parametrize("form", ["{}", "{}.gz", "emnist-x-{}.gz"])
def test_idx(tmp_path, form):
    for name, array in IDX.items():
        data = idx_bytes(array)
        path = tmp_path / form.format(name)
        path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)
    data = datasets.load(tmp_path)
    np.testing.assert_allclose(data.x_train[..., 0], IDX["train-images-idx3-ubyte"] / 255.0, atol=1e-6)
    np.testing.assert_array_equal(data.y_test, np.arange(4))
    assert data.num_classes == 4
    assert data.name == tmp_path.name


def test_idx_with_wide_labels_and_dots_in_names(tmp_path):
    for name, array in IDX.items():
        code = 12 if "labels" in name else 8
        (tmp_path / name.replace("-idx", ".idx").replace("t10k", "test")).write_bytes(idx_bytes(array, code))
    np.testing.assert_array_equal(datasets.load(tmp_path).y_train, np.arange(12) % 4)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda b: b[:-1], "truncated"),
        (lambda b: b[:3], "truncated"),
        (lambda b: b + b"x", "longer"),
        (lambda b: b"\1" + b[1:], "not an idx file"),
        (lambda b: b[:2] + b"\x77" + b[3:], "not an idx file"),
        (lambda b: b[:4] + b"\xff" * 12 + b[16:], "promises an array"),
        (lambda b: b[:4] + struct.pack(">I", 10**6) + b[8:], "truncated"),
        (lambda b: b[:4] + struct.pack(">I", 11) + b[8:], "longer"),
        (lambda b: b[:4] + bytes(4) + b[8:], "holds no examples"),
    ],
)
@pytest.mark.parametrize("packed", [False, True])
def test_damaged_idx(idx_folder, damage, message, packed):
    path = idx_folder / "train-images-idx3-ubyte"
    data = damage(path.read_bytes())
    if packed:
        path.unlink()
        path = path.with_name(path.name + ".gz")
        data = gzip.compress(data)
    path.write_bytes(data)
    refused(idx_folder, message, path)


def test_damaged_gzip(idx_folder):
    path = idx_folder / "train-images-idx3-ubyte"
    whole = gzip.compress(path.read_bytes())
    path.unlink()
    path = path.with_name(path.name + ".gz")
    for data in (whole[:40], b"no gzip at all", whole[:30] + b"\xff" * 30 + whole[60:], whole[:-8] + bytes(8)):
        path.write_bytes(data)
        refused(idx_folder, "damaged|truncated", path)


def test_a_gzip_bomb_costs_no_memory(idx_folder):
    path = idx_folder / "train-images-idx3-ubyte"
    path.unlink()
    path = path.with_name(path.name + ".gz")
    head = bytes([0, 0, 8, 3]) + np.array([2, 6, 5], ">u4").tobytes()
    path.write_bytes(gzip.compress(head + bytes(50_000_000)))
    refused(idx_folder, "longer than the 60 bytes", path)


def test_idx_counts_and_missing_and_double_files(idx_folder):
    labels = idx_folder / "train-labels-idx1-ubyte"
    labels.write_bytes(idx_bytes(np.arange(11)))
    with pytest.raises(DataError, match="12 training images but 11 labels"):
        datasets.load(idx_folder)
    (idx_folder / "other-train-labels-idx1-ubyte").write_bytes(b"")
    refused(idx_folder, "keep one data set in a folder")
    labels.unlink()
    (idx_folder / "other-train-labels-idx1-ubyte").unlink()
    refused(idx_folder, "no train-labels file")


def test_unpacked_idx_wins_over_its_gz(idx_folder):
    (idx_folder / "train-labels-idx1-ubyte.gz").write_bytes(b"not read")
    assert len(datasets.load(idx_folder).y_train) == 12


def test_a_folder_in_place_of_a_file(idx_folder):
    path = idx_folder / "train-images-idx3-ubyte"
    path.unlink()
    path.mkdir()
    refused(idx_folder, "cannot be read", path)


# --- npz

NPZ = {"x_train": pixels(8, 5, 4, 3), "y_train": np.arange(8) % 3, "x_test": pixels(3, 5, 4, 3), "y_test": np.arange(3)}


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_npz(tmp_path, save):
    save(tmp_path / "d.npz", **NPZ, more=np.zeros(3))
    data = datasets.load(tmp_path / "d.npz")
    np.testing.assert_allclose(data.x_train, NPZ["x_train"] / 255.0, atol=1e-6)
    np.testing.assert_array_equal(data.y_test, NPZ["y_test"])
    assert (data.name, data.num_classes) == ("d", 3)


def test_npz_of_floats_other_orders_and_columns(tmp_path):
    x = np.asfortranarray(RNG.uniform(0, 1, (8, 5, 4)))
    np.savez(
        tmp_path / "d.npz", **{**NPZ, "x_train": x, "x_test": x[:3].astype(">f4"), "y_train": NPZ["y_train"][:, None]}
    )
    data = datasets.load(tmp_path / "d.npz")
    np.testing.assert_allclose(data.x_train[..., 0], x, atol=1e-6)
    np.testing.assert_allclose(data.x_test[..., 0], x[:3], atol=1e-6)
    np.testing.assert_array_equal(data.y_train, NPZ["y_train"])


def test_npz_without_a_test_part_is_split_the_same_way_each_time(tmp_path):
    x, y = pixels(50, 4, 4), np.arange(50) % 5
    np.savez(tmp_path / "d.npz", x=x, y=y)
    data, again = datasets.load(tmp_path / "d.npz"), datasets.load(tmp_path / "d.npz")
    assert (len(data.x_train), len(data.x_test)) == (40, 10)
    np.testing.assert_array_equal(data.x_train, again.x_train)
    everything = np.concatenate([data.x_train, data.x_test]).reshape(50, -1)
    assert sorted(map(tuple, np.round(everything * 255))) == sorted(map(tuple, x.reshape(50, -1).astype(float)))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"x_train": np.array([{}], object)}, "array of numbers"),
        ({"x_train": np.zeros((8, 20))}, r"expected images"),
        ({"x_train": np.full((8, 5, 4, 3), 256)}, r"0 \.\.\. 255"),
        ({"x_train": np.full((8, 5, 4, 3), 1.5)}, r"floats in \[0, 1\]"),
        ({"x_train": np.full((8, 5, 4, 3), np.nan)}, r"floats in \[0, 1\]"),
        ({"y_train": np.eye(8)}, "integer labels"),
        ({"y_train": np.arange(8) - 1}, "labels from 0"),
        ({"y_train": np.arange(8) + 10**7}, "too large"),
        ({"y_train": np.arange(7)}, "8 training images but 7 labels"),
        ({"x_test": pixels(3, 5, 5, 3)}, "one size"),
    ],
)
def test_npz_with_wrong_arrays(tmp_path, change, message):
    np.savez(tmp_path / "d.npz", **{**NPZ, **change})
    with pytest.raises(DataError, match=message):
        datasets.load(tmp_path / "d.npz")


def test_damaged_npz(tmp_path):
    path = tmp_path / "d.npz"
    np.savez_compressed(path, **NPZ)
    whole = path.read_bytes()
    for data in (whole[:100], b"", b"PK", whole[:60] + b"\xff" * 40 + whole[100:]):
        path.write_bytes(data)
        refused(path, "not a readable .npz|damaged compressed")
    np.savez(path, z=np.zeros(3))
    refused(path, "found z")


def test_npz_whose_header_promises_too_much(tmp_path):
    path = tmp_path / "d.npz"
    np.savez(path, **NPZ)
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    for shape, message in (
        ("(9, 5, 4, 3)", "truncated"),
        ("(7, 5, 4, 3)", "longer"),
        ("(8**9, 5, 4, 3)", "damaged header"),
    ):
        changed = dict(members)
        head = members["x_train.npy"]
        changed["x_train.npy"] = head.replace(b"(8, 5, 4, 3)", shape.encode()[:12].ljust(12))
        with zipfile.ZipFile(path, "w") as archive:
            for name, data in changed.items():
                archive.writestr(name, data)
        refused(path, message)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(flips=st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), min_size=1, max_size=4))
def test_flipped_bytes_in_an_npz_never_escape(tmp_path, flips):
    path = tmp_path / "d.npz"
    np.savez(path, **NPZ)
    data = bytearray(path.read_bytes())
    for at, value in flips:
        data[at % 200 if at % 2 else at % len(data)] = value
    path.write_bytes(data)
    with contextlib.suppress(DataError):
        datasets.load(path)


# --- CIFAR-10


def cifar_batch(count=3, protocol=2, **change):
    batch = {b"batch_label": b"one", b"labels": [i % 10 for i in range(count)], b"data": pixels(count, 3072)}
    batch |= {key.encode(): value for key, value in change.items()}
    return batch, pickle.dumps(batch, protocol=protocol)


@pytest.fixture
def cifar_folder(tmp_path):
    for name in [f"data_batch_{i}" for i in range(1, 6)] + ["test_batch"]:
        (tmp_path / name).write_bytes(cifar_batch()[1])
    return tmp_path


@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
def test_cifar(cifar_folder, protocol):
    batch, data = cifar_batch(protocol=protocol)
    (cifar_folder / "test_batch").write_bytes(data)
    loaded = datasets.load(cifar_folder)
    assert loaded.x_train.shape == (15, 32, 32, 3)
    assert loaded.num_classes == 10
    planes = batch[b"data"].reshape(3, 3, 32, 32)
    np.testing.assert_allclose(loaded.x_test[1, 4, 7], planes[1, :, 4, 7] / 255.0, atol=1e-6)
    np.testing.assert_array_equal(loaded.y_test, [0, 1, 2])


def test_cifar_as_python_2_wrote_it(cifar_folder):
    """Strings without a coding, the old module name, labels one by one."""

    def string(text):
        return b"U" + bytes([len(text)]) + text

    def integer(n):
        return b"J" + struct.pack("<i", n)

    raw = pixels(2, 3072)
    array = (
        b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n" + integer(0) + b"\x85" + string(b"b") + b"tR("
        + integer(1) + integer(2) + integer(3072) + b"\x86cnumpy\ndtype\n(" + string(b"u1") + integer(0) + integer(1)
        + b"tR(" + integer(3) + string(b"|") + b"NNN" + integer(-1) + integer(-1) + integer(0) + b"tb\x89T"
        + struct.pack("<i", raw.size) + raw.tobytes() + b"tb"
    )  # fmt: skip
    data = b"\x80\x02}(" + string(b"data") + array + string(b"labels") + b"](" + integer(7) + integer(0) + b"eu."
    (cifar_folder / "test_batch").write_bytes(data)
    loaded = datasets.load(cifar_folder)
    np.testing.assert_array_equal(loaded.y_test, [7, 0])
    np.testing.assert_allclose(loaded.x_test[1, 0, 1], raw[1].reshape(3, 32, 32)[:, 0, 1] / 255.0, atol=1e-6)


class Evil:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.system, (f"touch {self.path}",)


def test_cifar_runs_no_code(cifar_folder):
    witness = cifar_folder / "ran"
    for content in (Evil(witness), {b"data": Evil(witness)}, {b"labels": [Evil(witness)]}):
        (cifar_folder / "test_batch").write_bytes(pickle.dumps(content))
        refused(cifar_folder, f"refused, the pickle holds a reference to {os.system.__module__}.system")
    assert not witness.exists()


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "damaged pickle"),
        (pickle.dumps([1, 2]), "a list instead of a dict"),
        (pickle.dumps({(1,): 2}), "a key of type tuple"),
        (pickle.dumps({b"data": {1, 2}}, protocol=4), "does more than hold data"),
        (pickle.dumps({b"data": 1 + 2j}, protocol=2), "reference to .*complex"),
        (pickle.dumps({b"data": np.array([Evil("x")], object)}, protocol=2), "reference to"),
        (pickle.dumps({b"data": np.array([None], object)}, protocol=2), "array of type"),
        (b"\x80\x04cnumpy\nndarray\n)R.", "a call of ndarray"),
        (b"\x80\x02cnumpy\ndtype\n}b.", "the state of an object"),
        (b"\x80\x02K\x01)R.", "a call"),
        (b"\x80\x05\x96" + struct.pack("<Q", 1 << 60) + b".", "in one piece"),
        (b"\x80\x04\x8e" + struct.pack("<Q", 1 << 60) + b"abc.", "damaged pickle"),
        (b"\x80\x02r" + struct.pack("<I", 0xFFFFFFFF) + b".", "damaged pickle"),
        (b"\x80\x02}" + b")" + b"\x85" * 200_000 + b"K\x01s.", "a key of type tuple"),
        (cifar_batch()[1][:-20], "damaged pickle"),
        (cifar_batch(data=[1])[1], "not a CIFAR-10 batch"),
        (cifar_batch(data=pixels(3, 3071))[1], "not a CIFAR-10 batch"),
        (cifar_batch(labels=[10, 0, 0])[1], "list of 0"),
        (cifar_batch(labels=[1])[1], "3 images but 1 labels"),
    ],
)
def test_hostile_pickles(cifar_folder, data, message):
    path = cifar_folder / "data_batch_3"
    path.write_bytes(data)
    refused(cifar_folder, message, path)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(flips=st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), min_size=1, max_size=4))
def test_flipped_bytes_in_a_pickle_never_escape(tmp_path, flips):
    data = bytearray(cifar_batch()[1])
    for at, value in flips:
        data[at % 400 if at % 2 else at % len(data)] = value
    path = tmp_path / "batch"
    path.write_bytes(data)
    with contextlib.suppress(DataError):
        pickles.load_plain(path)


def test_cifar_needs_all_batches(cifar_folder):
    (cifar_folder / "data_batch_4").unlink()
    refused(cifar_folder, "missing: unpack the whole", cifar_folder / "data_batch_4")


# --- smallNORB


def norb_bytes(array, magic=0x1E3D4C55):
    sizes = list(array.shape) + [1] * (3 - array.ndim)
    return struct.pack("<II", magic, array.ndim) + np.array(sizes, "<u4").tobytes() + array.tobytes()


NORB = {"training": (pixels(6, 2, 12, 12), np.arange(6) % 5), "testing": (pixels(3, 2, 12, 12), np.arange(3))}


@pytest.fixture
def norb_folder(tmp_path):
    for part, (dat, cat) in NORB.items():
        stem = f"smallnorb-5x46789x9x18x6x2x96x96-{part}"
        (tmp_path / f"{stem}-dat.mat").write_bytes(norb_bytes(dat))
        (tmp_path / f"{stem}-cat.mat.gz").write_bytes(gzip.compress(norb_bytes(cat.astype("<i4"), 0x1E3D4C54)))
        (tmp_path / f"{stem}-info.mat").write_bytes(b"not read")
    return tmp_path


def test_smallnorb(norb_folder):
    data = datasets.load(norb_folder)
    assert data.name == "smallnorb"
    assert data.num_classes == 5
    np.testing.assert_allclose(data.x_train, NORB["training"][0].transpose(0, 2, 3, 1) / 255.0, atol=1e-6)
    np.testing.assert_array_equal(data.y_test, [0, 1, 2])


def test_smallnorb_shrunk(norb_folder):
    data = datasets.load(norb_folder, image_size=4)
    assert data.input_shape == (4, 4, 2)
    expected = NORB["training"][0][2, 1, 3:6, 6:9].mean() / 255.0
    assert data.x_train[2, 1, 2, 1] == pytest.approx(expected, abs=1e-6)
    with pytest.raises(DataError, match="cannot be averaged to 5x5"):
        datasets.load(norb_folder, image_size=5)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (norb_bytes(NORB["testing"][0])[:-1], "truncated"),
        (norb_bytes(NORB["testing"][0]) + b"x", "longer"),
        (norb_bytes(NORB["testing"][0], 0x12345678), "not a smallNORB file"),
        (struct.pack("<II4I", 0x1E3D4C55, 4, *[2**31] * 4), "promises an array"),
        (struct.pack("<II", 0x1E3D4C55, 9), "not a smallNORB file"),
        (norb_bytes(NORB["testing"][0][:, :1]), r"expected bytes \[N, 2, H, W\]"),
    ],
)
def test_damaged_smallnorb(norb_folder, data, message):
    path = norb_folder / "smallnorb-5x46789x9x18x6x2x96x96-testing-dat.mat"
    path.write_bytes(data)
    refused(norb_folder, message, path)


def test_smallnorb_needs_all_parts(norb_folder):
    (norb_folder / "smallnorb-5x46789x9x18x6x2x96x96-testing-cat.mat.gz").unlink()
    refused(norb_folder, "no smallnorb-...-testing-cat.mat")


# --- pixels


def test_many_images_are_converted_in_pieces(monkeypatch):
    monkeypatch.setattr(files, "_IMAGES_AT_ONCE", 4)
    x = pixels(10, 4, 4)
    np.testing.assert_allclose(files.to_images(x, "x")[..., 0], x / 255.0, atol=1e-6)
