"""What cannot become C says so in one line and writes nothing; what is hostile becomes harmless."""

import os
from pathlib import Path

import aot_build
import numpy as np
import pytest
from one_op import int8, ints, weight_scales
from tiny_models import TinyModel, schema, squash_params

from tfcaps.converters import to_c
from tfcaps.converters.c import name_of_file
from tfcaps.errors import ConversionError, FileFormatError, TfcapsError


def squash_model(name="conv1/squash", shape=(1, 6, 4)):
    tiny = TinyModel()
    x = tiny.input(list(shape), 0.05, name=name)
    tiny.output(tiny.squash(x, squash_params(0.05)))
    return tiny


def one_op(op, options=None, *, name="net/strange/Op", dtype=np.int8, scale=0.05, more=()):
    tiny = TinyModel()
    x = tiny.input([1, 4, 4, 2], 0.05, dtype=dtype)
    y = tiny.tensor([1, 4, 4, 2], scale, dtype=dtype, name=name)
    tiny.output(tiny.op(op, [x, *(tiny.constant(value) for value in more)], [y], options))
    return tiny.to_bytes()


def assert_refused(tmp_path, model, error, match, **options):
    with pytest.raises(error, match=match) as caught:
        to_c(model, tmp_path / "out", **options)
    assert "\n" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_operator_is_named(tmp_path):
    model = one_op("ELU", schema.SubOptionsT())
    match = r"operator 0 ELU \(layer 'strange', tensor 'net/strange/Op'\): has no ahead-of-time C; .* for ADD, AVERAGE"
    assert_refused(tmp_path, model, ConversionError, match)


def taken(axis, batch_dims=0):
    return schema.GatherOptionsT(axis=axis, batchDims=batch_dims)


REFUSED = {
    "an activation": (one_op("ADD", schema.AddOptionsT(fusedActivationFunction=5), more=[ints([1])]), "ADD"),
    "float": (one_op("RELU", dtype=np.float32), "expected an input or output of quantised int8, got float32"),
    "a logistic scale": (one_op("LOGISTIC"), "LOGISTIC .*1/256"),
    "a tanh scale": (one_op("TANH"), "TANH .*1/128"),
    "a rescaling RELU6": (one_op("RELU6", scale=0.1), "RELU6 .*one scale"),
    "paddings": (one_op("PAD", schema.PadOptionsT(), more=[np.ones((4, 2), np.int32)]), "PAD .*paddings"),
    "a scale": (one_op("SUM", schema.ReducerOptionsT(), scale=1e-12, more=[ints([0])]), "SUM .*scale is too small"),
    "axes": (one_op("MEAN", schema.ReducerOptionsT(), more=[ints([7])]), "MEAN .*axes"),
    "a slice too far": (one_op("GATHER", taken(1), more=[ints([0, 1, 2, 4])]), "GATHER .*indices 0 to 3, got 4"),
    "slices that do not fit": (one_op("GATHER", taken(1), more=[ints([0, 1])]), r"GATHER .*expected output"),
    "slices in batches": (one_op("GATHER", taken(1, 1), more=[ints([[0, 1, 2, 3]])]), "GATHER .*no batch_dims"),
    "another scale": (one_op("GATHER", taken(1), scale=0.1, more=[ints([0, 1, 2, 3])]), "GATHER .*one scale"),
    "wide numbers": (one_op("GATHER", taken(1), more=[np.arange(4)]), "GATHER .*input 1 to be a constant of int32"),
    "a permutation": (one_op("TRANSPOSE", schema.TransposeOptionsT(), more=[ints([0, 0, 1, 2])]), "TRANSPOSE .*permut"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_operators_that_do_not_fit_their_kernel(what, tmp_path):
    model, match = REFUSED[what]
    assert_refused(tmp_path, model, TfcapsError, match)


def test_a_zero_point_that_is_no_int8(tmp_path):
    tiny = TinyModel()
    x = tiny.input([1, 8], 0.05, 300)
    tiny.output(tiny.op("LOGISTIC", [x], [tiny.tensor([1, 8], 1 / 256, -128)]))
    assert_refused(tmp_path, tiny.to_bytes(), ConversionError, "LOGISTIC .*zero point")


def test_an_output_that_is_a_constant(tmp_path):
    tiny = squash_model()
    tiny.output(tiny.constant(np.zeros((1, 5), np.int8), 0.1))
    assert_refused(tmp_path, tiny.to_bytes(), ConversionError, "is an output and a constant")


def test_a_batch_of_two(tmp_path):
    assert_refused(tmp_path, squash_model(shape=(2, 6, 4)).to_bytes(), TfcapsError, "batch of one")


def test_weights_that_are_computed(tmp_path):
    tiny = TinyModel()
    x, kernel = tiny.input([1, 4, 4, 2], 0.05, name="x"), tiny.input([1, 3, 3, 2], 0.05, name="kernel")
    options = schema.Conv2DOptionsT(strideH=1, strideW=1, dilationHFactor=1, dilationWFactor=1)
    tiny.output(tiny.op("CONV_2D", [x, kernel], [tiny.tensor([1, 4, 4, 1], 0.05)], options))
    assert_refused(tmp_path, tiny.to_bytes(), ConversionError, "CONV_2D .*constant int8 weights")


def test_a_damaged_file(tmp_path):
    assert_refused(tmp_path, b"not a model", FileFormatError, "tflite")
    assert_refused(tmp_path, squash_model().to_bytes()[:200], FileFormatError, "tflite")


NAMES = ["", "1net", "my-net", "my net", "a/b", "../x", "näme", "x;", "_hidden", "a" * 49, "string", "stdint", None, 3]


@pytest.mark.parametrize("name", NAMES)
def test_names_that_are_no_identifiers(name, tmp_path):
    assert_refused(tmp_path, squash_model().to_bytes(), TfcapsError, "name", name=name)


def test_names_of_files():
    cases = {"my-net.v2.tflite": "my_net_v2", "1.tflite": "net_1", "--.tflite": "net", "string.tflite": "net_string"}
    for file, name in cases.items():
        assert name_of_file(Path(file)) == name


HOSTILE = ['*/ int x = "', "/* open", "line\nbreak", "??/", "back\\", "quote\"'", "\x1b[31m", "日本", "a" * 999, "$in0"]


@pytest.mark.parametrize("name", HOSTILE)
def test_names_in_the_model_stay_in_their_comments(name, tmp_path):
    tiny = squash_model(name)
    tiny.graph.tensors[tiny.graph.outputs[0]].name = name + "/y"
    assert aot_build.build_one(tiny.to_bytes(), tmp_path / "out").self_test() == 0


IMAGES = [
    np.zeros((2, 6, 5), np.int8),
    np.zeros((2, 6, 4), np.float32),
    np.zeros((0, 6, 4), np.int8),
    np.zeros((6, 4), np.int8),
    {"other": np.zeros((1, 6, 4), np.int8)},
]


@pytest.mark.parametrize("images", IMAGES)
def test_self_test_images_that_do_not_fit(images, tmp_path):
    assert_refused(tmp_path, squash_model().to_bytes(), TfcapsError, "self_test", self_test=images)


def test_places_that_cannot_be_written(tmp_path):
    (tmp_path / "file").write_text("mine")
    for folder, match in ((tmp_path / "file", "is a file"), (tmp_path / "no" / "out", "does not exist")):
        with pytest.raises(TfcapsError, match=match):
            to_c(squash_model().to_bytes(), folder)
    (tmp_path / "out" / "model.c").mkdir(parents=True)
    with pytest.raises(TfcapsError, match=r"model\.c: is a folder"):
        to_c(squash_model().to_bytes(), tmp_path / "out")
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["file", "model.c", "out"]


def test_a_full_disk_leaves_no_trace(tmp_path, monkeypatch):
    to_c(squash_model().to_bytes(), tmp_path / "out")
    before = {path: path.read_bytes() for path in (tmp_path / "out").rglob("*") if path.is_file()}
    from pathlib import Path

    write, count = Path.write_bytes, iter(range(100))

    def full(path, data):
        if next(count) == 5:
            raise OSError(28, "No space left on device", str(path))
        return write(path, data)

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OSError, match="No space"):
        to_c(squash_model(shape=(1, 8, 4)).to_bytes(), tmp_path / "out")
    count = iter(range(100))
    with pytest.raises(OSError, match="No space"):
        to_c(squash_model().to_bytes(), tmp_path / "new")
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


def test_other_files_in_the_folder_stay(tmp_path):
    folder = tmp_path / "out"
    folder.mkdir()
    (folder / "main.c").write_text("mine")
    to_c(squash_model().to_bytes(), folder)
    to_c(squash_model(shape=(1, 8, 4)).to_bytes(), folder)
    assert (folder / "main.c").read_text() == "mine"
    assert "MODEL_INPUT_0_BYTES = 32" in (folder / "model.h").read_text()
    assert not [path for path in folder.iterdir() if path.name.startswith(".")]
    assert os.access(folder, os.R_OK | os.X_OK)


def test_the_same_model_gives_the_same_files(tmp_path):
    rng = np.random.default_rng(0)
    tiny = TinyModel()
    kernel = tiny.constant(int8(rng, (5, 8)), weight_scales(rng, 5))
    x = tiny.input([1, 8], 0.05)
    y = tiny.tensor([1, 5], 0.1)
    tiny.output(tiny.op("FULLY_CONNECTED", [x, kernel], [y], schema.FullyConnectedOptionsT()))
    for name in ("a", "b"):
        to_c(tiny.to_bytes(), tmp_path / name)
    for path in (tmp_path / "a").rglob("*.*"):
        assert path.read_bytes() == (tmp_path / "b" / path.relative_to(tmp_path / "a")).read_bytes()
