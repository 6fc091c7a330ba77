"""Damaged files end in one line, in a process of their own because the alternative would be its end."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from test_interpreter import network
from tiny_models import TinyModel, schema, squash_params

from tfcaps.errors import FileFormatError
from tfcaps.quantization.simulator import Simulator
from tfcaps.runtime import Interpreter
from tfcaps.runtime.tflite_file import read_tflite


@pytest.mark.parametrize("first", [0, 2])
def test_damaged_models_never_crash(first):
    script = Path(__file__).with_name("hostile_files.py")
    command = [sys.executable, script.name, str(first), str(first + 2), "120"]
    result = subprocess.run(command, cwd=script.parent, capture_output=True, text=True, timeout=120, check=False)
    assert result.returncode == 0, result.stderr[-2000:]
    assert "'ran'" in result.stdout
    assert "'refused'" in result.stdout


def refused(data, expected):
    with pytest.raises(FileFormatError, match=expected) as caught:
        read_tflite(data)
    assert "\n" not in str(caught.value)


def test_what_is_no_tflite_is_refused(tmp_path):
    good = network(np.random.default_rng(0)).to_bytes()
    refused(b"", "not a .tflite")
    refused(b"PK\x03\x04" * 10, "not a .tflite")
    refused(good[:-1000], "truncated or damaged")
    refused(good[:4] + b"TFL2" + good[8:], "identifier")
    refused(tmp_path / "missing.tflite", "^cannot read .*missing.tflite': No such file")
    refused(tmp_path, "^cannot read .*: Is a directory")
    (tmp_path / "good.tflite").write_bytes(good)
    assert read_tflite(str(tmp_path / "good.tflite")).data == good
    for size in range(0, len(good), 97):
        with pytest.raises(FileFormatError):
            read_tflite(good[:size])


def spoil(change):
    tiny = TinyModel()
    x = tiny.input([1, 5, 4], 0.05)
    tiny.output(tiny.squash(x, squash_params(0.05)))
    change(tiny.graph, tiny.model)
    return tiny.to_bytes()


def setter(table, field, value):
    return lambda graph, model: setattr(table(graph, model), field, value)


def first_op(graph, model):
    return graph.operators[0]


def first_tensor(graph, model):
    return graph.tensors[0]


INTS = np.int32
SPOILT = {
    "version": (setter(lambda g, m: m, "version", 2), "schema version 3, got 2"),
    "two subgraphs": (lambda g, m: m.subgraphs.append(g), "one subgraph, got 2"),
    "input index": (setter(lambda g, m: g, "inputs", np.array([9], INTS)), "model input tensor 9 does not exist"),
    "output index": (setter(lambda g, m: g, "outputs", np.array([-1], INTS)), "model output tensor -1 does not exist"),
    "no outputs": (setter(lambda g, m: g, "outputs", np.zeros(0, INTS)), "inputs and outputs"),
    "operator input": (
        setter(first_op, "inputs", np.array([7], INTS)),
        "TfcapsSquash.*: input tensor 7 does not exist",
    ),
    "operator output": (setter(first_op, "outputs", np.array([-1], INTS)), "output tensor -1 does not exist"),
    "operator code": (setter(first_op, "opcodeIndex", 3), "operator code 3 does not exist"),
    "cycle": (setter(first_op, "inputs", np.array([1], INTS)), "tensor 1 is read before it is written"),
    "written twice": (setter(first_op, "outputs", np.array([0], INTS)), "tensor 0 is written a second time"),
    "buffer": (setter(first_tensor, "buffer", 5), "buffer 5 does not exist"),
    "type": (setter(first_tensor, "type", 5), "type 5 is not supported"),
    "dynamic shape": (setter(first_tensor, "shape", np.array([-1, 5, 4], INTS)), "static shape"),
    "huge shape": (setter(first_tensor, "shape", np.full(4, 2**30, INTS)), "too large"),
    "variable": (setter(first_tensor, "isVariable", True), "variable tensors"),
}


@pytest.mark.parametrize("name", SPOILT)
def test_inconsistent_models_are_refused(name):
    change, expected = SPOILT[name]
    refused(spoil(change), expected)


def test_constants_of_another_size_are_refused():
    def change(graph, model):
        model.buffers.append(schema.BufferT(data=np.zeros(3, np.uint8)))
        graph.tensors[1].buffer = 1

    refused(spoil(change), "expected 20 bytes for shape .* its buffer has 3")


def test_builtin_operators_without_sense_are_refused():
    for strides, expected in (((0, 1), "expected StrideW in 1"), ((1, -5), "expected StrideH in 1")):
        tiny = network(np.random.default_rng(0))
        tiny.graph.operators[0].builtinOptions.strideW, tiny.graph.operators[0].builtinOptions.strideH = strides
        refused(tiny.to_bytes(), expected)
    tiny = network(np.random.default_rng(0))
    tiny.graph.tensors[3].shape = np.array([1, 5, 4, 8], np.int32)
    for make in (Interpreter, lambda data: Interpreter(data, "tflm"), Simulator):
        with pytest.raises(FileFormatError, match=r"CONV_2D \(tensor 't3'\): expected output \[1, 4, 4, 8\]"):
            make(tiny.to_bytes())


def gathering(indices=(0, 3), axis=1, output=(1, 2, 3), **options):
    tiny = TinyModel()
    inputs = [tiny.input([1, 4, 3], 0.1), tiny.constant(np.array(indices, np.int32))]
    y = tiny.tensor(list(output), options.pop("scale", 0.1), dtype=options.pop("dtype", np.int8), name="taken")
    tiny.output(tiny.op("GATHER", inputs, [y], schema.GatherOptionsT(axis=axis, **options)))
    return tiny.to_bytes()


def test_slices_that_there_are_not_are_refused():
    def refused(data, expected):
        for make in (Interpreter, lambda data: Interpreter(data, "tflm"), Simulator):
            with pytest.raises(FileFormatError, match=rf"GATHER \(tensor 'taken'\): {expected}"):
                make(data)

    refused(gathering((0, 4)), "expected indices 0 to 3, got 4")
    refused(gathering((-1, 2)), "expected indices 0 to 3, got -1")
    refused(gathering(axis=3), "inputs of shapes .* do not fit each other")
    refused(gathering(axis=-4, output=(2, 4, 3)), "inputs of shapes .* do not fit each other")
    refused(gathering(batchDims=2), "inputs of shapes .* do not fit each other")
    refused(gathering(output=(1, 3, 3)), r"expected output \[1, 2, 3\], got \[1, 3, 3\]")
    refused(gathering(dtype=np.int32), "expected input and output of one type")
    tiny = TinyModel()
    inputs = [tiny.input([1, 4, 3], 0.1), tiny.constant(np.array([0.0, 1.0], np.float32))]
    tiny.output(tiny.op("GATHER", inputs, [tiny.tensor([1, 2, 3], 0.1, name="taken")], schema.GatherOptionsT(axis=1)))
    refused(tiny.to_bytes(), "expected indices of integers, got float32")


def test_unknown_operators_are_named():
    tiny = TinyModel()
    x, y = tiny.input([1, 4], 0.1), tiny.tensor([1, 4], 0.1, name="result")
    tiny.output(tiny.op("NoSuchOp", [x], [y], custom=b""))
    data = tiny.to_bytes()
    with pytest.raises(FileFormatError, match=r"operator NoSuchOp \(tensor 'result'\) is not simulated"):
        Simulator(data)
    for backend in ("litert", "tflm"):
        with pytest.raises(FileFormatError, match=r"cannot run the model: .*NoSuchOp"):
            Interpreter(data, backend)
