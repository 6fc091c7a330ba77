"""Whole models as C: the bits of TFLite Micro and of the simulator, the memory, and what the folder promises."""

import ctypes
import itertools
import json
import re
import shutil
import subprocess

import aot_build
import numpy as np
import pytest
import zoo
from aot_networks import convolve, like, pool, relu
from one_op import int8, ints, weight_scales
from tiny_models import TinyModel, dense_params, length_params, schema, squash_params

from tfcaps import models
from tfcaps.converters import to_c, to_tflite
from tfcaps.converters.c import build_program, make_plan
from tfcaps.planner.kernel_library import scratch_bytes
from tfcaps.quantization.simulator import Simulator
from tfcaps.runtime import Interpreter
from tfcaps.runtime.tflite_file import read_tflite

IMAGES = 3


def noise(model):
    """Data of the shapes of a Keras model's inputs, to calibrate with."""
    rng = np.random.default_rng(0)
    return [rng.random((6, *tensor.shape[1:]), np.float32) for tensor in model.inputs]


@pytest.fixture(scope="module")
def built():
    """Ready models by name, converted once."""
    cache = {}

    def build(name):
        if name not in cache:
            model = models.build(name) if name in models.MODELS else getattr(zoo, name)()
            cache[name] = to_tflite(model, noise(model))
        return cache[name]

    return build


def capsule_model(rng=None):
    """Capsules alone, quick to make: squash, routing with bias, length."""
    rng = rng or np.random.default_rng(0)
    tiny = TinyModel()
    x = tiny.input([1, 20, 4], 0.05, 3)
    params = dense_params(rng, 12, capsules=3, inputs=20, depth=4)
    u = tiny.squash(x, squash_params(0.05, 3))
    bias = rng.integers(-2000, 2000, 12).astype(np.int32)
    v = tiny.capsule_dense(u, int8(rng, (20, 12, 4)), params, 3, bias=bias)
    tiny.output(tiny.length(v, length_params(4)))
    tiny.output(v)
    return tiny.to_bytes()


def residual():
    """conv, depthwise, add of both, pool, dense, softmax."""
    rng = np.random.default_rng(5)
    tiny = TinyModel()
    x = tiny.input([1, 12, 12, 3], 0.02, -5)
    options = schema.Conv2DOptionsT(strideH=1, strideW=1, dilationHFactor=1, dilationWFactor=1)
    kernel = tiny.constant(int8(rng, (8, 3, 3, 3)), weight_scales(rng, 8))
    a = tiny.op("CONV_2D", [x, kernel], [tiny.tensor([1, 12, 12, 8], 0.1, -128)], options)
    options = schema.DepthwiseConv2DOptionsT(
        strideH=1, strideW=1, dilationHFactor=1, dilationWFactor=1, depthMultiplier=1
    )
    kernel = tiny.constant(int8(rng, (1, 3, 3, 8)), weight_scales(rng, 8), axis=3)
    b = tiny.op("DEPTHWISE_CONV_2D", [a, kernel], [tiny.tensor([1, 12, 12, 8], 0.2, 4)], options)
    c = tiny.op("ADD", [a, b], [tiny.tensor([1, 12, 12, 8], 0.2, -20)], schema.AddOptionsT())
    d = pool(rng, tiny, relu(rng, tiny, c))
    size = int(np.prod(tiny.shape(d)))
    flat = tiny.op("RESHAPE", [d, tiny.constant(ints([1, size]))], [like(tiny, d, [1, size])], schema.ReshapeOptionsT())
    weights = tiny.constant(int8(rng, (10, size)), 0.002)
    e = tiny.op("FULLY_CONNECTED", [flat, weights], [tiny.tensor([1, 10], 0.1, 0)], schema.FullyConnectedOptionsT())
    tiny.output(tiny.op("SOFTMAX", [e], [tiny.tensor([1, 10], 1 / 256, -128)], schema.SoftmaxOptionsT(beta=1.0)))
    return tiny.to_bytes()


def assert_bits(program, model):
    """On noise and on extreme values."""
    rng = np.random.default_rng(1)
    infos, simulator = read_tflite(model).input_infos, Simulator(model)
    for n in range(IMAGES):
        inputs = [int8(rng, info.shape) if n else np.full(info.shape, 127, np.int8) for info in infos]
        expected = aot_build.tflm(model, inputs)
        named = {info.name: x for info, x in zip(infos, inputs, strict=True)}
        simulated = simulator.invoke(named if len(named) > 1 else inputs[0])
        simulated = list(simulated.values()) if isinstance(simulated, dict) else [simulated]
        for found, value, other in zip(program.run(inputs), expected, simulated, strict=True):
            np.testing.assert_array_equal(found, value)
            np.testing.assert_array_equal(found, other)


ZOO = ["batch_norm_and_two_outputs", "two_inputs", "shared_capsules", "leaky_with_bias", "capsules_on_the_input"]


@pytest.mark.parametrize("name", ["tiny", "micro", "q7_mnist", *ZOO])
def test_whole_models(name, built, tmp_path):
    program = aot_build.build_one(built(name), tmp_path / "out", name=name)
    assert_bits(program, built(name))
    assert program.self_test() == 0


@pytest.mark.parametrize("make", [capsule_model, residual])
def test_small_models(make, tmp_path):
    program = aot_build.build_one(make(), tmp_path / "out")
    assert_bits(program, make())
    assert program.self_test() == 0


GOALS = {"q7_mnist": 10_000, "q7_cifar10": 34_000, "q7_smallnorb": 25_000}


@pytest.mark.parametrize(("name", "goal"), GOALS.items())
def test_memory_goals(name, goal, built):
    plan = make_plan(build_program(read_tflite(built(name))))
    assert plan.total_bytes == plan.arena_bytes + plan.input_bytes <= goal
    assert plan.arena_bytes < Interpreter(built(name), "tflm").arena_used_bytes
    assert plan.program.macs == {"q7_mnist": 4_143_680}.get(name, plan.program.macs)
    assert f"{plan.arena_bytes:,} bytes" in plan.text()
    inside = make_plan(build_program(read_tflite(built(name)), inputs_in_arena=True))
    assert inside.total_bytes == inside.arena_bytes < plan.total_bytes


def test_an_image_written_into_the_arena(built, tmp_path):
    program = aot_build.build_one(built("two_inputs"), tmp_path / "out", inputs_in_arena=True)
    assert_bits(program, built("two_inputs"))  # copied there from elsewhere
    assert program.self_test() == 0
    rng = np.random.default_rng(2)
    inputs = [int8(rng, (1, 14, 14, 1)) for _ in range(2)]
    arena, output = (aot_build.Buffer(size) for size in (program.plan.arena_bytes, program.plan.output_bytes))
    header = (tmp_path / "out" / "net.h").read_text()
    offsets = [int(n) for n in re.findall(r"NET_INPUT_\d_OFFSET = (\d+)", header)]
    for x, offset in zip(inputs, offsets, strict=True):
        arena.data[offset : offset + 196] = x.ravel().view(np.uint8)
    pointers = (ctypes.c_void_p * 2)(*(arena.address + offset for offset in offsets))
    assert program._run(ctypes.c_void_p(arena.address), pointers, (ctypes.c_void_p * 1)(output.address)) == 0
    np.testing.assert_array_equal(output.data.view(np.int8), aot_build.tflm(built("two_inputs"), inputs)[0].ravel())


def test_floats_at_the_edges_are_the_callers(tmp_path):
    tiny = TinyModel()
    x = tiny.input([1, 6, 4], dtype=np.float32)
    q = tiny.op("QUANTIZE", [x], [tiny.tensor([1, 6, 4], 0.05, 7)], schema.QuantizeOptionsT())
    v = tiny.squash(q, squash_params(0.05, 7))
    y = tiny.tensor([1, 6, 4], dtype=np.float32)
    tiny.output(tiny.op("DEQUANTIZE", [v], [y], schema.DequantizeOptionsT()))
    program = aot_build.build_one(tiny.to_bytes(), tmp_path / "out")
    given = int8(np.random.default_rng(0), (1, 6, 4))
    (real,) = aot_build.tflm(tiny.to_bytes(), [(given.astype(np.float32) - 7) * np.float32(0.05)])
    np.testing.assert_array_equal(program.run([given])[0], np.round(real * 128).astype(np.int8))
    assert program.self_test() == 0
    header = (tmp_path / "out" / "net.h").read_text()
    assert "#define NET_INPUT_0_SCALE 0.0500000007f" in header
    assert "#define NET_INPUT_0_ZERO_POINT (7)" in header


def test_outputs_that_are_inputs_or_each_other(tmp_path):
    tiny = TinyModel()
    x = tiny.input([1, 4, 4], 0.05)
    y = tiny.squash(x, squash_params(0.05))
    flat = like(tiny, y, [1, 16])
    tiny.op("RESHAPE", [y, tiny.constant(ints([1, 16]))], [flat], schema.ReshapeOptionsT())
    for index in (y, flat, x):
        tiny.output(index)
    program = aot_build.build_one(tiny.to_bytes(), tmp_path / "out")
    given = int8(np.random.default_rng(0), (1, 4, 4))
    first, second, third = program.run([given])
    np.testing.assert_array_equal(first.ravel(), second.ravel())
    np.testing.assert_array_equal(third, given)
    assert [layer.op for layer in program.plan.program.layers] == ["TfcapsSquash", "COPY", "COPY"]


def followed(stride, padding, channels):
    """A convolution between two layers, so that both of its ends are in the arena."""
    rng = np.random.default_rng(stride)
    tiny = TinyModel()
    x = relu(rng, tiny, tiny.input([1, 31, 21, channels[0]], 0.02, -5))
    kernel = tiny.constant(int8(rng, (channels[1], 4, 3, channels[0])), weight_scales(rng, channels[1]))
    options = schema.Conv2DOptionsT(
        strideH=stride, strideW=stride, dilationHFactor=1, dilationWFactor=1, padding=padding
    )
    room = [31, 21] if padding == schema.Padding.SAME else [28, 19]
    shape = [1, *(-(-n // stride) for n in room), channels[1]]
    y = tiny.op("CONV_2D", [x, kernel], [tiny.tensor(shape, 0.2, 4)], options)
    tiny.output(relu(rng, tiny, y))
    return tiny.to_bytes()


def test_convolutions_follow_their_input(tmp_path):
    kinds = itertools.product((1, 2, 3), (schema.Padding.SAME, schema.Padding.VALID), ((1, 4), (6, 6), (8, 2)))
    found = {f"net_{n}": followed(*kind) for n, kind in enumerate(kinds)}
    for name, program in aot_build.build_many(found, tmp_path).items():
        assert any(follow.schedule for follow, _ in program.plan.shared), name
        buffers = program.plan.program.memory.buffers
        assert program.plan.arena_bytes < sum(buffer.size for buffer in buffers[:2]), name
        assert_bits(program, found[name])


def test_the_program_says_what_it_needs(built, tmp_path):
    to_c(built("tiny"), tmp_path / "out", name="tiny")
    folder = tmp_path / "out"
    code = re.sub(r"/\*.*?\*/", "", "".join(path.read_text() for path in folder.rglob("*.c")), flags=re.DOTALL)
    assert not re.findall(r"\b(?:float|double|malloc|calloc|free|printf)\b", code)
    assert not re.findall(r"^static (?!const)[^(]*[;=]", code, re.MULTILINE)  # no state
    vectors = {"arm_mve.h", "riscv_vector.h"}  # of compilers, and only where they are told that there are any
    assert set(re.findall(r"#include <(.*?)>", code)) <= {"string.h", "stdint.h", "stddef.h"} | vectors
    sources = sorted(str(path) for path in folder.rglob("*.c"))
    flags = ["-std=c99", "-O2", "-ffreestanding", "-r", "-nostdlib", "-I.", "-o", "all.o"]
    aot_build.compile_c([*flags, *sources], folder)
    symbols = subprocess.run(["nm", "-u", "all.o"], cwd=folder, capture_output=True, text=True, check=True).stdout
    assert set(symbols.split()) - {"U"} <= {"memcpy", "memset", "memcmp", "memmove", "_GLOBAL_OFFSET_TABLE_"}


def test_json_is_the_plan(tmp_path):
    plan = to_c(capsule_model(), tmp_path / "out", name="caps")
    facts = json.loads((tmp_path / "out" / "caps.json").read_text())
    assert facts["arena_bytes"] == plan.arena_bytes
    assert facts["total_bytes"] == plan.arena_bytes + 80
    assert [layer["index"] for layer in facts["layers"]] == [0, 1, 2]
    assert [layer["op"] for layer in facts["layers"]] == ["TfcapsSquash", "TfcapsCapsuleDense", "TfcapsLength"]
    assert facts["layers"][1]["macs"] == 20 * 12 * (4 + 5)
    assert facts["layers"][1]["scratch_bytes"] == scratch_bytes("tfcaps_capsule_dense_s8", [1, 20, 4, 3, 4])
    assert facts["layers"][1]["weight_bytes"] == 20 * 12 * 4 + 12 * 4 + 12 * 4
    assert set(facts["sources"]) == {str(p.relative_to(tmp_path / "out")) for p in (tmp_path / "out").rglob("*.c")}


MAIN = """
#include <stdio.h>
#include <stdlib.h>
#include "net.h"
int main(void) {
    void *arena = aligned_alloc(16, NET_ARENA_BYTES);
    const int status = (int)net_self_test(arena);
    printf("%d", status);
    free(arena);
    return 0;
}
"""


@pytest.mark.parametrize("make", [capsule_model, residual])
def test_sanitizers_find_nothing(make, tmp_path):
    to_c(make(), tmp_path / "out", name="net")
    folder = tmp_path / "out"
    (folder / "main.c").write_text(MAIN)
    flags = ["-std=c11", "-g", "-O1", "-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-I.", "-o", "main"]
    aot_build.compile_c([*flags, *sorted(str(path) for path in folder.rglob("*.c"))], folder)
    done = subprocess.run([str(folder / "main")], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "0", "")


CLANG = shutil.which("clang") or shutil.which("clang-19")


@pytest.mark.skipif(CLANG is None, reason="clang is not installed")
def test_clang_warns_of_nothing(tmp_path, monkeypatch):
    monkeypatch.setenv("CC", str(CLANG))
    assert aot_build.build_one(residual(), tmp_path / "out").self_test() == 0


def test_make_and_cmake_build_the_folder(tmp_path):
    to_c(capsule_model(), tmp_path / "out", name="caps")
    makefile = "include out/caps.mk\nlib.so:\n\t$(CC) -fPIC -shared -I$(CAPS_DIR) -o $@ $(CAPS_SOURCES)\n"
    (tmp_path / "Makefile").write_text("CAPS_DIR = out\n" + makefile)
    subprocess.run(["make", "-s", "lib.so"], cwd=tmp_path, check=True)
    assert ctypes.CDLL(str(tmp_path / "lib.so")).caps_run(None, None, None) == 1
    if shutil.which("cmake"):
        subprocess.run(["cmake", "-S", "out", "-B", "build"], cwd=tmp_path, check=True, capture_output=True)
        subprocess.run(["cmake", "--build", "build"], cwd=tmp_path, check=True, capture_output=True)
        assert list((tmp_path / "build").glob("libcaps.*"))


def test_bad_pointers_are_refused(tmp_path):
    program = aot_build.build_one(capsule_model(), tmp_path / "out")
    arena = aot_build.Buffer(program.plan.arena_bytes + 16)
    run, none = program._run, (ctypes.c_void_p * 2)()
    buffers = [aot_build.Buffer(100) for _ in range(3)]
    x, y = ((ctypes.c_void_p * 2)(*(b.address for b in part)) for part in (buffers[:1], buffers[1:]))
    good = ctypes.c_void_p(arena.address)
    for arguments in ((None, x, y), (good, None, y), (good, x, None), (good, none, y), (good, x, none)):
        assert run(*arguments) == 1
    assert run(ctypes.c_void_p(arena.address + 8), x, y) == 4
    assert run(good, x, y) == 0


def test_layers_can_be_watched(tmp_path):
    folder = tmp_path / "out"
    to_c(capsule_model(), folder, name="net")
    hook = "extern int seen[99]; extern int count;\n#define TFCAPS_LAYER(index) seen[count++] = index\n"
    (folder / "hook.h").write_text(hook)
    (folder / "seen.c").write_text("int seen[99]; int count;\n")
    sources = [path for path in sorted(folder.rglob("*.c")) if path.name != "seen.c"]
    flags = ["-std=c99", "-fPIC", "-shared", "-I.", "-include", "hook.h", "-o", "net.so"]
    aot_build.compile_c([*flags, "seen.c", *map(str, sources)], folder)
    library = ctypes.CDLL(str(folder / "net.so"))
    arena = aot_build.Buffer(4096)
    assert library.net_self_test(ctypes.c_void_p(arena.address)) == 0
    count = ctypes.c_int.in_dll(library, "count").value
    assert list((ctypes.c_int * 99).in_dll(library, "seen"))[:count] == [0, 1, 2, 3]


def test_the_self_test_finds_a_flipped_weight(tmp_path):
    folder = tmp_path / "out"
    images = int8(np.random.default_rng(3), (5, 20, 4))
    assert aot_build.build_one(capsule_model(), folder, self_test=images).self_test() == 0
    assert "the calibration image" in (folder / "net.h").read_text()
    weights = (folder / "net_weights.c").read_text()
    stored = re.search(r"net_test_input_0\[80\] = \{([^}]*)\}", weights)
    assert [int(n) for n in stored[1].replace("\n", " ").split(",") if n.strip()] == images[0].ravel().tolist()
    start = weights.index("{", weights.index("net_1_kernel[")) + 1
    first = re.match(r"\s*(-?\d+)", weights[start:])
    flipped = int(np.int8(int(first[1]) ^ -128))
    (folder / "net_weights.c").write_text(weights[:start] + f" {flipped}" + weights[start + first.end() :])
    (folder / "net.so").unlink()
    aot_build.compile_folder(folder, "net")
    library = ctypes.CDLL(shutil.copy(folder / "net.so", tmp_path / "flipped.so"))
    arena = aot_build.Buffer(4096)
    assert library.net_self_test(ctypes.c_void_p(arena.address)) == 6


def test_shared_weights_are_stored_once(built, tmp_path):
    plan = to_c(built("shared_capsules"), tmp_path / "out", name="net")
    text = (tmp_path / "out" / "net_weights.c").read_text()
    assert len(re.findall(r"int8_t net_\d+_kernel\[", text)) == 2  # of a convolution and of capsules, both used twice
    assert plan.program.weight_bytes < 0.6 * sum(layer.weight_bytes for layer in plan.program.layers)


def test_large_outputs_do_not_go_on_the_stack(tmp_path):
    tiny = TinyModel()
    tiny.output(tiny.squash(tiny.input([1, 400, 4], 0.05), squash_params(0.05)))
    assert aot_build.build_one(tiny.to_bytes(), tmp_path / "out").self_test() == 0
    assert "static int8_t output_0" in (tmp_path / "out" / "net.c").read_text()


def test_convolutions_of_two_inputs(tmp_path):
    rng = np.random.default_rng(9)
    tiny = TinyModel()
    left, right = (tiny.input([1, 9, 9, 2], 0.02, 3, name=name) for name in ("left", "right"))
    ends = [convolve(rng, tiny, left), convolve(rng, tiny, right)]
    for end in ends:
        tiny.output(end)
    program = aot_build.build_one(tiny.to_bytes(), tmp_path / "out")
    assert_bits(program, tiny.to_bytes())
    assert program.plan.arena_bytes == 16  # everything is the caller's
