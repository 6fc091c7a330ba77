"""CMSIS-NN in place of our kernels, as a double: which calls it gets, that the bits stay, and what memory it takes."""

import ctypes
import json
import shutil
import subprocess
from pathlib import Path

import aot_build
import nn
import numpy as np
import pytest
from click.testing import CliRunner
from kernels import Context, aligned
from one_op import MAKERS, int8, random_inputs
from tiny_models import TinyModel, schema

from tfcaps.cli.main import cli
from tfcaps.converters.c import build_program, to_c
from tfcaps.converters.c.kernel_sources import needed_files
from tfcaps.micro import include_dir
from tfcaps.runtime.tflite_file import read_tflite

DOUBLE = Path(__file__).parent / "cmsis_nn"
FLAGS = [*aot_build.STRICT, "-O1", "-fPIC", "-shared", "-DTFCAPS_USE_CMSIS_NN", f"-I{DOUBLE}"]
OPERATORS = ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED")
NONE, ALL = [0, 0, 0, 0], [1, 1, 1, 1]  # convolution, depthwise, dense with one scale, dense with many


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    """The three operators on top of the double."""
    folder = tmp_path_factory.mktemp("library")
    calls = " ".join(f"tfcaps_{name.lower().removesuffix('_s8')}_s8();" for name in OPERATORS)
    files = needed_files(calls)
    for name, content in files.items():
        (folder / name).write_bytes(content)
    sources = [name for name in files if name.endswith(".c")]
    include = f"-I{include_dir()}"
    aot_build.compile_c([*FLAGS, include, "-o", "all.so", *sources, str(DOUBLE / "double.c")], folder)
    return ctypes.CDLL(str(folder / "all.so"))


def calls(library):
    """How often each function was called since the last time somebody asked."""
    counts = (ctypes.c_int * 4).in_dll(library, "cmsis_nn_calls")
    found = list(counts)
    counts[:] = NONE
    return found


def network():
    """All four functions one after the other."""
    rng = np.random.default_rng(0)
    tiny = TinyModel()
    same = {"padding": schema.Padding.SAME, "strideH": 1, "strideW": 1, "dilationHFactor": 1, "dilationWFactor": 1}
    x = tiny.input([1, 6, 5, 3], 0.05, 3)
    for name, shape, axis in (("CONV_2D", (8, 3, 3, 3), 0), ("DEPTHWISE_CONV_2D", (1, 3, 2, 8), 3)):
        options = (
            schema.Conv2DOptionsT(**same) if axis == 0 else schema.DepthwiseConv2DOptionsT(**same, depthMultiplier=1)
        )
        kernel = tiny.constant(int8(rng, shape), rng.uniform(0.005, 0.01, 8), axis=axis)
        bias = tiny.constant(rng.integers(-900, 900, 8).astype(np.int32))
        x = tiny.op(name, [x, kernel, bias], [tiny.tensor([1, 6, 5, 8], 0.1, -5)], options)
    for units, depth, source, scales in ((10, 240, 0.1, np.full(10, 0.01)), (4, 10, 0.3, 0.01)):
        kernel = tiny.constant(int8(rng, (units, depth)), scales)
        bias = tiny.constant(rng.integers(-900, 900, units).astype(np.int32), source * 0.01)
        y = tiny.tensor([1, units], 0.3, 7)
        x = tiny.op("FULLY_CONNECTED", [x, kernel, bias], [y], schema.FullyConnectedOptionsT())
    tiny.output(x)
    return tiny.to_bytes()


def compiled(model, folder, **options):
    """A generated program on top of the double, and its library."""
    plan = to_c(model, folder, name="net", **options)
    sources = ["net.c", "net_weights.c", *map(str, sorted((folder / "tfcaps").glob("*.c"))), str(DOUBLE / "double.c")]
    aot_build.compile_c([*FLAGS, "-I.", "-o", "net.so", *sources], folder)
    library = ctypes.CDLL(str(folder / "net.so"))
    return aot_build.Program(library, "net", plan), library


def assert_bits(program, model):
    inputs = list(random_inputs(np.random.default_rng(1), read_tflite(model).input_infos).values())
    np.testing.assert_array_equal(program.run(inputs)[0], aot_build.tflm(model, inputs)[0])


@pytest.mark.parametrize(("options", "expected"), [({"cmsis_nn": True, "ram": 1 << 16}, ALL), ({}, NONE)])
def test_a_program_calls_it_where_it_has_the_buffer(options, expected, tmp_path):
    program, library = compiled(network(), tmp_path, **options)
    assert_bits(program, network())
    assert calls(library) == expected


def test_scratch_goes_to_the_smallest_wish_first(tmp_path):
    """Dense layers fit into the smallest arena, the depthwise kernel of Helium takes more than the arena has."""
    program, library = compiled(network(), tmp_path, cmsis_nn=True)
    assert_bits(program, network())
    assert calls(library) == [1, 0, 1, 1]
    assert [layer.emission.wanted_scratch for layer in program.plan.program.layers] == [128, 496 * 6, 40, 16]


def run(model, inputs, monkeypatch, library, context):
    monkeypatch.setattr(nn, "LIBRARY", library)
    monkeypatch.setattr(nn, "NO_SCRATCH", context)
    return next(iter(nn.run(model, inputs).values()))


@pytest.mark.parametrize("name", OPERATORS)
def test_bits_of_random_operators(name, library, monkeypatch):
    scratch, own, taken = aligned(1 << 16), nn.LIBRARY, 0
    calls(library)
    for seed in range(150):
        rng = np.random.default_rng(seed)
        model = MAKERS[name](rng).to_bytes()
        file = read_tflite(model)
        inputs = random_inputs(rng, file.input_infos)
        expected = run(model, inputs, monkeypatch, own, Context(None, 0))
        found = run(model, inputs, monkeypatch, library, Context(scratch.ctypes.data, scratch.size))
        np.testing.assert_array_equal(found, expected, err_msg=f"seed {seed}")
        count = sum(calls(library))
        taken += count
        assert count == 0 or not declined(file.operators[0], file.tensors), seed
    assert taken >= 10


def declined(op, tensors):
    """Whether CMSIS-NN must not get an operator: no bias, groups, or dilation."""
    if len(op.inputs) < 3:
        return True
    if op.name == "FULLY_CONNECTED":
        return False
    x, kernel = (tensors[index] for index in op.inputs[:2])
    grouped = op.name == "CONV_2D" and kernel.shape[3] != x.shape[3]
    return grouped or (op.options.DilationHFactor(), op.options.DilationWFactor()) != (1, 1)


CONV = nn.Conv(1, 1, 1, 1, 0, 0, 3, -5, -128, 127)
DATA = [int8(np.random.default_rng(0), shape) for shape in ((5, 5, 3), (4, 3, 3, 3))]
BIAS = np.arange(4, dtype=np.int32)
NEED = 2 * 3 * 3 * 3  # bytes that the double's convolution asks for


def convolve(library, context, output, *, source=DATA[0], count=4):
    """5 x 5 x 3 to 3 x 3 x 4; the library's status."""
    scales = nn.scales([0.01] * count)
    nn_dims = [nn.Image(1, 5, 5, 3), nn.Image(4, 3, 3, 3), nn.Image(1, 3, 3, 4)]
    function = library.tfcaps_conv_2d_s8
    pointers = [array.ctypes.data_as(ctypes.c_void_p) for array in (source, DATA[1], BIAS, output)]
    image, kernel, result = map(ctypes.byref, nn_dims)
    head = [ctypes.byref(struct) for struct in (context, CONV, scales)]
    return function(*head, image, pointers[0], kernel, *pointers[1:3], result, pointers[3])


@pytest.mark.parametrize(("size", "offset", "expected"), [(NEED, 0, 1), (NEED - 1, 0, 0), (NEED, 4, 0)])
def test_a_buffer_too_small_or_askew_is_left_alone(size, offset, expected, library):
    scratch, found, wanted = aligned(NEED, offset), np.zeros((2, 36), np.int8), np.zeros(36, np.int8)
    calls(library)
    assert convolve(library, Context(scratch.ctypes.data, size), found[0]) == 0
    assert calls(library) == [expected, 0, 0, 0]
    assert np.all(scratch == 0x5A) == (not expected)
    assert convolve(nn.LIBRARY, Context(None, 0), wanted) == 0
    np.testing.assert_array_equal(found[0], wanted)
    assert not found[1].any()


def test_an_output_in_its_inputs_place_and_one_scale_for_all_are_ours(library):
    scratch, wanted = aligned(NEED), np.zeros(36, np.int8)
    context = Context(scratch.ctypes.data, scratch.size)
    calls(library)
    assert convolve(library, context, wanted, count=1) == 0
    memory = np.zeros(96, np.int8)  # the output begins 12 bytes ahead of the input it follows
    memory[12:87] = DATA[0].reshape(-1)
    assert convolve(library, context, memory, source=memory[12:]) == 0
    assert calls(library) == NONE
    np.testing.assert_array_equal(memory[:36], wanted)


def test_arguments_are_checked_before(library):
    scratch, output = aligned(NEED), np.zeros(36, np.int8)
    calls(library)
    assert convolve(library, Context(scratch.ctypes.data, NEED), output, count=3) != 0
    assert calls(library) == NONE
    assert not output.any()


def test_single_rounding_is_an_error():
    source = include_dir().parent / "src" / "tfcaps_conv_2d_s8_cmsis_nn.c"
    command = [*aot_build.compiler(), *FLAGS, "-DCMSIS_NN_USE_SINGLE_ROUNDING", f"-I{include_dir()}", "-fsyntax-only"]
    done = subprocess.run([*command, str(source)], capture_output=True, text=True, check=False)
    assert done.returncode
    assert "gives other bits" in done.stderr


def test_the_plan_keeps_outputs_apart_and_other_layouts_alone():
    file = read_tflite(network())
    apart, ours = build_program(file, cmsis_nn=True), build_program(file)
    assert any(layer.emission.overlaps for layer in ours.layers)
    assert not any(layer.emission.overlaps for layer in apart.layers)
    other = build_program(file, cmsis_nn=True, layout="paired").layers[1]
    assert other.layout == "paired"
    assert other.emission.overlaps
    alone = build_program(file, layout="paired").layers[1]
    assert other.emission.wanted_scratch == alone.emission.wanted_scratch


def test_the_command_has_the_option(tmp_path):
    path = tmp_path / "net.tflite"
    path.write_bytes(network())
    result = CliRunner().invoke(cli, ["compile", str(path), "-o", str(tmp_path / "out"), "--cmsis-nn"])
    assert result.exit_code == 0, result.stderr
    layers = json.loads((tmp_path / "out" / "net.json").read_text())["layers"]
    assert [layer["wanted_scratch_bytes"] for layer in layers] == [128, 2976, 40, 16]


@pytest.mark.skipif(not shutil.which("clang-format"), reason="clang-format is not installed")
def test_the_double_is_formatted():
    style = f"--style=file:{include_dir().parent / '.clang-format'}"
    subprocess.run(["clang-format", style, "--dry-run", "--Werror", *DOUBLE.glob("*.[ch]")], check=True)
