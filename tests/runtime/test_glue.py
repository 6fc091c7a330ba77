"""What the delegate and the TFLite Micro operators check by themselves, without the Python that checks before them."""

import ctypes

import numpy as np
import pytest
from test_interpreter import dense_model, squash_model
from tiny_models import UNIT, TinyModel, dense_params, length_params, replace, squash_params

from tfcaps.errors import FileFormatError, RuntimeUnavailableError, TfcapsError
from tfcaps.micro import library_path
from tfcaps.runtime import Interpreter, litert, tflm
from tfcaps.runtime.litert import LitertBackend
from tfcaps.runtime.tflite_file import read_tflite
from tfcaps.runtime.tflm import TflmBackend

KERNEL = np.ones((12, 24, 5), np.int8)
PARAMS = dense_params(np.random.default_rng(0), 24, capsules=4, inputs=12, depth=5)


def squash(*, shape=None, scale=UNIT, dtype=np.int8, params=None, input_shape=(1, 5, 4)):
    tiny = TinyModel()
    x = tiny.input(list(input_shape), 0.05, dtype=dtype)
    tiny.output(tiny.squash(x, params or squash_params(0.05), shape=shape, scale=scale))
    return tiny


def dense(*, kernel=KERNEL, params=PARAMS, bias=None, input_shape=(1, 12, 5), custom=None, drop=0, scale=UNIT):
    tiny = TinyModel()
    x = tiny.input(list(input_shape), UNIT)
    tiny.output(tiny.capsule_dense(x, kernel, params, 4, bias=bias, custom=custom, scale=scale))
    op = tiny.graph.operators[0]
    op.inputs = op.inputs[: len(op.inputs) - drop]
    return tiny


def length(shape):
    tiny = TinyModel()
    tiny.output(tiny.length(tiny.input([1, 5, 4], UNIT), length_params(4), shape=shape))
    return tiny


WRONG = {
    "squash output shape": (squash(shape=[1, 5, 3]), r"output to be of the input's shape, got \[1, 5, 3\]"),
    "squash type": (squash(dtype=np.int32), "type"),
    "squash dimension": (squash(input_shape=(1, 2, 257)), "256 dimensions"),
    "length output shape": (length([1, 4]), r"input's shape without its last, got \[1, 4\]"),
    "kernel depth": (dense(kernel=np.ones((12, 24, 4), np.int8)), r"kernel to be .*, got \[12, 24, 4\]"),
    "kernel inputs": (dense(kernel=np.ones((11, 24, 5), np.int8)), r"kernel to be .*, got \[11, 24, 5\]"),
    "bias size": (dense(bias=np.zeros(23, np.int32)), r"bias to be .*, got \[23\]"),
    "bias type": (dense(bias=np.zeros(24, np.int8)), "bias to be of type 2"),
    "multipliers": (dense(params=replace(PARAMS, multiplier=PARAMS.multiplier[:-1])), "24 multipliers .*, got 23"),
    "rank": (dense(input_shape=(1, 3, 4, 5)), "input to be of rank 3"),
    "no kernel": (dense(drop=1), "expected 2 to 3 inputs, got 1"),
    "no map": (dense(custom=b"nonsense"), "no flexbuffer map"),
    "no options": (dense(custom=b"\0"), "custom options are missing or no flexbuffer map"),
    "another operator's options": (dense(custom=squash_params().to_options()), "option 'multiplier' is missing"),
}


@pytest.mark.parametrize("backend", [LitertBackend, TflmBackend])
@pytest.mark.parametrize("name", WRONG)
def test_prepare_refuses(backend, name):
    tiny, expected = WRONG[name]
    model = read_tflite(tiny.to_bytes())
    with pytest.raises(FileFormatError, match=f"cannot run the model: .*{expected}") as caught:
        backend(model)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", WRONG)
def test_the_facade_refuses_the_same(name):
    for kwargs in ({}, {"backend": "tflm"}):
        with pytest.raises(FileFormatError, match="Tfcaps"):
            Interpreter(WRONG[name][0].to_bytes(), **kwargs)


def test_scales_that_the_kernels_cannot_write_are_refused():
    for tiny in (squash(scale=0.01), dense(scale=0.01)):
        model = tiny.to_bytes()
        with pytest.raises(FileFormatError, match="scale 1/128"):
            LitertBackend(read_tflite(model))
        for backend in ("litert", "tflm"):
            with pytest.raises(FileFormatError, match="scale 1/128"):
                Interpreter(model, backend)


def test_zero_points_that_contradict_the_options_are_refused():
    model = squash(params=squash_params(0.05, 9)).to_bytes()
    with pytest.raises(FileFormatError, match=r"zero point 9, the tensor has 0"):
        LitertBackend(read_tflite(model))
    with pytest.raises(FileFormatError, match="expected input zero point 9, got 0"):
        Interpreter(model, "tflm")


def test_a_runtime_works_after_a_refusal():
    rng = np.random.default_rng(0)
    for backend in ("litert", "tflm"):
        with pytest.raises(FileFormatError):
            Interpreter(WRONG["no map"][0].to_bytes(), backend)
        with pytest.raises(TfcapsError):
            Interpreter(dense_model(rng).to_bytes(), "tflm", arena_size=16)
        assert Interpreter(squash_model(rng).to_bytes(), backend).invoke(np.zeros((1, 5, 4), np.int8)).any()


def test_a_resolver_of_another_form_is_refused():
    """The self-check in front of any write: here a resolver whose functions are ours, then one of zeros."""
    library = ctypes.CDLL(str(library_path("tfcaps_tflm")))
    library.TfcapsLastError.restype = ctypes.c_char_p
    library.TfcapsRegisterOps.restype = ctypes.c_bool
    kernels = ctypes.CDLL(str(library_path("tfcaps_kernels")))
    memory = (ctypes.c_void_p * 4000)()
    for vtable in (None, ctypes.cast(kernels.tfcaps_squash_s8, ctypes.c_void_p).value):
        memory[0] = vtable
        assert not library.TfcapsRegisterOps(memory)
        assert b"does not know this version" in library.TfcapsLastError()
        assert not any(memory[1:])
    library.TfcapsClearError()
    assert library.TfcapsLastError() == b""


def test_missing_runtimes_say_how_to_get_them(monkeypatch):
    monkeypatch.setattr(litert, "_PACKAGES", (("no_such_package", "no_such_package.interpreter", (1,)),))
    with pytest.raises(RuntimeUnavailableError, match="pip install ai-edge-litert"):
        litert.load_module()
    monkeypatch.setattr(litert, "_PACKAGES", (("ai_edge_litert", "ai_edge_litert.interpreter", (77,)),))
    with pytest.raises(RuntimeUnavailableError, match=r"ai_edge_litert .*expected version 77"):
        litert.load_module()
    monkeypatch.setitem(__import__("sys").modules, "tflite_micro.python.tflite_micro", None)
    with pytest.raises(RuntimeUnavailableError, match="pip install tflite-micro"):
        tflm._load_module()


def test_missing_libraries_say_how_to_build_them(monkeypatch, tmp_path):
    import tfcaps.micro

    monkeypatch.setattr(tfcaps.micro, "_ROOT", tmp_path)
    with pytest.raises(RuntimeUnavailableError, match=r"run `python -m tfcaps\.micro\.build`"):
        library_path("tfcaps_litert")
    with pytest.raises(RuntimeUnavailableError, match="unknown library 'x': expected one of"):
        library_path("x")
