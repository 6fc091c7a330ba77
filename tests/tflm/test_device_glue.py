"""micro/tflm against a test double of TFLite Micro: the simulator's bits, and a refusal for whatever is wrong."""

import re
import shutil
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest
from fake_run import Call, Tensor
from glue_build import GLUE, build, compiler, glue_command
from tiny_models import UNIT, dense_params, length_params, replace, squash_params

from tfcaps.planner.kernel_library import scratch_bytes
from tfcaps.quantization.simulator import CapsuleDenseParams, capsule_dense, flex_map, length, squash

INPUTS, K, J, D = 12, 5, 4, 6
ZERO_POINT = -3


def int8(rng, *shape):
    return rng.integers(-128, 128, shape).astype(np.int8)


def squash_call(shape=(1, 9, D), seed=0):
    x = Tensor(int8(np.random.default_rng(seed), *shape), 0.05, ZERO_POINT)
    y = Tensor(np.zeros(shape, np.int8))
    return Call("TfcapsSquash", squash_params(0.05, ZERO_POINT).to_options(), [x, y], [0], [1])


def length_call(shape=(1, 9, D), seed=0):
    x = Tensor(int8(np.random.default_rng(seed), *shape))
    y = Tensor(np.zeros(shape[:-1], np.int8), 1 / 256, -128)
    options = length_params(shape[-1], UNIT, 1 / 256, 0, -128).to_options()
    return Call("TfcapsLength", options, [x, y], [0], [1])


def dense_call(seed=0, *, bias=True, batches=1, iterations=3):
    rng = np.random.default_rng(seed)
    u = Tensor(int8(rng, batches, INPUTS, K), 0.02, ZERO_POINT)
    kernel = Tensor(int8(rng, INPUTS, J * D, K), 0.01)
    v = Tensor(np.zeros((batches, J, D), np.int8))
    b = Tensor(rng.integers(-3000, 3000, J * D).astype(np.int32), 1 / 4096)
    return Call(
        "TfcapsCapsuleDense", params_of(rng, iterations).to_options(), [u, kernel, v, b], [0, 1, 3][: 2 + bias], [2]
    )


def params_of(rng, iterations=3):
    return dense_params(rng, J * D, capsules=J, inputs=INPUTS, depth=K, iterations=iterations, zero_point=ZERO_POINT)


def change(call, index, **changes):
    """The same call with another tensor."""
    call.tensors[index] = replace(call.tensors[index], **changes)
    return call


def test_a_resolver_of_kops_slots_is_enough(tflm):
    assert tflm.library.fake_failures(3, 1) == 0
    assert tflm.library.fake_failures(2, 1) == 1
    assert tflm.library.fake_failures(9, 2) == 1  # nothing is registered twice


def test_operators_can_be_registered_one_at_a_time(tflm):
    assert [tflm.library.fake_single(kind) for kind in range(3)] == [1, 2, 4]


@pytest.mark.parametrize("shape", [(4,), (1, 9, D), (2, 3, 3, 17), (1, 1, 256)])
def test_squash_and_length_have_the_bits_of_the_simulator(tflm, shape):
    call = squash_call(shape, seed=len(shape))
    assert tflm.run(call).stage == "done"
    np.testing.assert_array_equal(call.output, squash(call.tensors[0].data, squash_params(0.05, ZERO_POINT)))
    if len(shape) > 1:
        call = length_call(shape, seed=len(shape))
        assert tflm.run(call).stage == "done"
        expected = length(call.tensors[0].data, length_params(shape[-1], UNIT, 1 / 256, 0, -128))
        np.testing.assert_array_equal(call.output, expected)


@pytest.mark.parametrize("offset", [0, 1, 2, 4])
@pytest.mark.parametrize(("bias", "batches", "iterations"), [(True, 1, 3), (False, 2, 1), (True, 3, 16)])
def test_capsule_dense_has_the_bits_of_the_simulator(tflm, bias, batches, iterations, offset):
    seed = batches + 10 * iterations
    call = dense_call(seed, bias=bias, batches=batches, iterations=iterations)
    call.offset = offset
    result = tflm.run(call)
    assert (result.stage, result.log, result.temporaries) == ("done", "", 0)
    u, kernel, _, b = (tensor.data for tensor in call.tensors)
    params = CapsuleDenseParams.from_options(call.options)
    expected = capsule_dense(u, kernel, b if bias else None, params, J)
    np.testing.assert_array_equal(call.output, expected.output)
    assert len(np.unique(call.output)) > 10


def test_multipliers_stay_in_an_aligned_model(tflm):
    aligned, moved = dense_call(), dense_call()
    aligned.offset, moved.offset = 4, 3
    in_place, copied = tflm.run(aligned), tflm.run(moved)
    assert in_place.persistent <= 96
    assert copied.persistent == in_place.persistent + 4 * J * D
    assert in_place.scratch == scratch_bytes("tfcaps_capsule_dense_s8", [1, INPUTS, K, J, D])
    np.testing.assert_array_equal(aligned.output, moved.output)


def test_a_bias_of_index_minus_one_is_none(tflm):
    left_out, absent = dense_call(), dense_call(bias=False)
    left_out.inputs[2] = -1
    assert tflm.run(left_out).stage == tflm.run(absent).stage == "done"
    np.testing.assert_array_equal(left_out.output, absent.output)


def with_counts(call, inputs, outputs=None):
    call.inputs = inputs
    call.outputs = call.outputs if outputs is None else outputs
    return call


def with_options(call, options):
    call.options = options
    return call


def dense_options(**changes):
    """Options that the writer of options refuses to write."""
    good = CapsuleDenseParams.from_options(dense_call().options)
    values = {field.name: getattr(good, field.name) for field in fields(good)}
    return with_options(dense_call(), flex_map.write({"version": 1, **values, **changes}))


WRONG = {
    "squash: no input": (lambda: with_counts(squash_call(), []), "1 to 1 inputs and 1 output, got 0 and 1"),
    "squash: two inputs": (lambda: with_counts(squash_call(), [0, 0]), "got 2 and 1"),
    "squash: no output": (lambda: with_counts(squash_call(), [0], []), "got 1 and 0"),
    "squash: two outputs": (lambda: with_counts(squash_call(), [0], [1, 1]), "got 1 and 2"),
    "squash: left out": (lambda: with_counts(squash_call(), [-1]), "input 0 is no tensor"),
    "squash: float": (lambda: change(squash_call(), 0, type=1), "type 9 of the input, got 1"),
    "squash: output type": (lambda: change(squash_call(), 1, type=2), "type 9 of the output, got 2"),
    "squash: scalar": (lambda: change(squash_call(), 0, data=np.zeros((), np.int8)), "rank 1 of the input"),
    "squash: no dims": (lambda: change(squash_call(), 0, dims=None), "the input is missing"),
    "squash: rank": (lambda: change(squash_call(), 1, dims=(9, D)), "rank 3 of the output, got 2"),
    "squash: shape": (lambda: change(squash_call(), 1, dims=(1, 9, 5)), "6 in dimension 2 of the output, got 5"),
    "squash: dynamic": (lambda: change(squash_call(), 0, dims=(-1, 9, D)), "static shape of the input, got -1"),
    "squash: empty": (lambda: change(squash_call(), 0, dims=(1, 0, D)), "got 0 in dimension 1"),
    "squash: depth": (lambda: squash_call((1, 2, 257)), "at most 256 dimensions, got 257"),
    "squash: huge": (
        lambda: change(change(squash_call(), 0, dims=(2**20, 2**20, 6)), 1, dims=(2**20, 2**20, 6)),
        "fewer than 2^31 capsules",
    ),
    "squash: output scale": (lambda: change(squash_call(), 1, scale=0.01), "output of scale 1/128"),
    "squash: output zero point": (lambda: change(squash_call(), 1, zero_point=1), "zero point 0 of the output, got 1"),
    "squash: input zero point": (lambda: change(squash_call(), 0, zero_point=5), "zero point -3 of the input, got 5"),
    "squash: no scale": (lambda: change(squash_call(), 0, scale=0.0), "positive scale of the input"),
    "squash: negative scale": (lambda: change(squash_call(), 0, scale=-1.0), "positive scale of the input"),
    "squash: nan scale": (lambda: change(squash_call(), 0, scale=float("nan")), "positive scale of the input"),
    "length: vector": (lambda: change(length_call(), 0, dims=(D,)), "rank 2 of the input, got 1"),
    "length: rank": (lambda: change(length_call(), 1, dims=(1, 9, 1)), "rank 2 of the output, got 3"),
    "length: shape": (lambda: change(length_call(), 1, dims=(1, 8)), "9 in dimension 1 of the output, got 8"),
    "length: zero point": (lambda: change(length_call(), 1, zero_point=0), "zero point -128 of the output, got 0"),
    "length: output scale": (lambda: change(length_call(), 1, scale=0.0), "positive scale of the output"),
    "dense: one input": (lambda: with_counts(dense_call(), [0]), "2 to 3 inputs and 1 output, got 1 and 1"),
    "dense: four inputs": (lambda: with_counts(dense_call(), [0, 1, 3, 3]), "got 4 and 1"),
    "dense: no kernel": (lambda: with_counts(dense_call(), [0, -1, 3]), "input 1 is no tensor"),
    "dense: rank": (lambda: change(dense_call(), 0, dims=(1, 3, 4, K)), "rank 3 of the input, got 4"),
    "dense: kernel rank": (lambda: change(dense_call(), 1, dims=(INPUTS, J, D, K)), "rank 3 of the kernel, got 4"),
    "dense: kernel inputs": (lambda: change(dense_call(), 1, dims=(11, J * D, K)), "12 in dimension 0 of the kernel"),
    "dense: kernel outputs": (lambda: change(dense_call(), 1, dims=(INPUTS, 23, K)), "24 in dimension 1 of the kernel"),
    "dense: kernel depth": (lambda: change(dense_call(), 1, dims=(INPUTS, J * D, 4)), "5 in dimension 2 of the kernel"),
    "dense: kernel type": (lambda: change(dense_call(), 1, type=2), "type 9 of the kernel, got 2"),
    "dense: batch": (lambda: change(dense_call(), 2, dims=(2, J, D)), "1 in dimension 0 of the output, got 2"),
    "dense: capsules": (lambda: change(dense_call(), 2, dims=(1, 3, D)), "18 in dimension 1 of the kernel, got 24"),
    "dense: limits": (lambda: change(dense_call(), 2, dims=(1, 2, 257)), "limits of tfcaps/kernels.h"),
    "dense: too many": (lambda: change(dense_call(), 2, dims=(1, 4096, 256)), "limits of tfcaps/kernels.h"),
    "dense: largest": (lambda: change(dense_call(), 2, dims=(1, 2**31 - 1, 2**31 - 1)), "limits of tfcaps/kernels.h"),
    "dense: bias type": (lambda: change(dense_call(), 3, type=9), "type 2 of the bias, got 9"),
    "dense: bias size": (lambda: change(dense_call(), 3, dims=(23,)), "24 in dimension 0 of the bias, got 23"),
    "dense: bias rank": (lambda: change(dense_call(), 3, dims=(J, D)), "rank 1 of the bias, got 2"),
    "dense: output scale": (lambda: change(dense_call(), 2, scale=1 / 64), "output of scale 1/128"),
    "dense: zero point": (lambda: change(dense_call(), 0, zero_point=0), "zero point -3 of the input, got 0"),
    "dense: multipliers": (
        lambda: dense_options(multiplier=np.ones(23, np.int64)),
        "24 multipliers in the options, got 23",
    ),
    "dense: no iterations": (lambda: dense_options(iterations=0), "option 'iterations' is missing"),
    "dense: iterations": (lambda: dense_options(iterations=17), "option 'iterations' is missing"),
    "dense: shift": (lambda: dense_options(sum_shift=63), "option 'sum_shift' is missing"),
    "dense: multiplier": (lambda: dense_options(multiplier=np.full(24, -1)), "option 'multiplier' is missing"),
    "dense: leaky": (lambda: dense_options(leaky=2), "option 'leaky' is missing"),
    "dense: version": (lambda: dense_options(version=2), "option 'version' is missing"),
    "no options": (lambda: with_options(squash_call(), b""), "options are missing or no flexbuffer map"),
    "nonsense": (lambda: with_options(length_call(), b"nonsense"), "options are missing or no flexbuffer map"),
    "another's": (lambda: with_options(dense_call(), squash_call().options), "option 'multiplier' is missing"),
}


@pytest.mark.parametrize("name", WRONG)
def test_prepare_refuses(tflm, name):
    make, expected = WRONG[name]
    call = make()
    before = [tensor.data.copy() for tensor in call.tensors]
    result = tflm.run(call)
    assert result.stage == "prepare"
    assert result.temporaries == 0
    assert expected in result.log
    assert result.log.startswith("Tfcaps")
    for tensor, data in zip(call.tensors, before, strict=True):
        np.testing.assert_array_equal(tensor.data, data)


def test_hostile_options_never_pass_unseen(tflm):
    """Options with a damaged byte are refused or mean something in range; nothing crashes."""
    rng = np.random.default_rng(3)
    stages = set()
    for make in (squash_call, length_call, dense_call):
        for _ in range(150):
            call = make()
            data = bytearray(call.options)
            data[rng.integers(len(data))] = rng.integers(256)
            if rng.random() < 0.2:
                del data[rng.integers(1, len(data)) :]
            call.options, call.offset = bytes(data), int(rng.integers(8))
            stages.add(tflm.run(call).stage)
    assert stages == {"done", "prepare"}


@pytest.mark.parametrize(
    ("limits", "offset", "expected"),
    [
        ({"persistent_limit": 8}, 0, "too small for an operator"),
        ({"persistent_limit": 130}, 1, "too small for 24 multipliers"),
        ({"temporary_limit": 0}, 0, "too small for a temporary tensor"),
        ({"temporary_limit": 1}, 0, "too small for a temporary tensor"),
        ({"refuses_scratch": 1}, 0, ""),
    ],
)
def test_a_full_arena_is_no_crash(tflm, limits, offset, expected):
    call = dense_call()
    call.limits, call.offset = limits, offset
    result = tflm.run(call)
    assert result.stage == "prepare"
    assert result.temporaries == 0
    assert expected in result.log


def test_compressed_tensors_are_refused(tflm):
    call = dense_call()
    call.limits = {"compressed_input": 1}
    result = tflm.run(call)
    if tflm.compression:
        assert result.stage == "prepare"
        assert "input 1 is compressed" in result.log
    else:
        assert result.stage == "done"


def test_the_wheel_runs_the_device_glue(tmp_path):
    """Not our host glue but micro/tflm, in the runtime itself; in no more arena than the host glue takes."""
    library = build(tmp_path / "device.so", 2, ["-DUSE_TFLM_COMPRESSION"], "wheel.cc")
    command = [sys.executable, str(Path(__file__).with_name("run_in_wheel.py")), str(library)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout == "refused\n"
    assert "TfcapsSquash: expected an output of scale 1/128" in done.stderr
    arenas = [(int(ours), int(theirs)) for ours, theirs in re.findall(r"device (\d+), host (\d+)", done.stderr)]
    assert len(arenas) == 6
    assert all(ours <= theirs for ours, theirs in arenas)


@pytest.mark.parametrize("generation", [1, 2])
@pytest.mark.parametrize("name", ["clang++-19", "arm-none-eabi-g++ -mcpu=cortex-m0 -mthumb"])
def test_other_compilers_agree(name, generation, tmp_path):
    command, *flags = name.split()
    probe = [command, "-std=c++17", *flags, "-x", "c++", "-fsyntax-only", "-"]
    has_library = (
        shutil.which(command)
        and not subprocess.run(
            probe, input="#include <type_traits>\n#include <cstring>", capture_output=True, text=True, check=False
        ).returncode
    )
    if not has_library:
        pytest.skip(f"no {command} with a C++ library")
    for more in ([], ["-DTF_LITE_STRIP_ERROR_STRINGS"]):
        source = [str(GLUE / "tfcaps_tflm.cc"), "-o", str(tmp_path / "glue.o")]
        done = subprocess.run(
            glue_command(command, generation, *flags, "-Os", "-fno-threadsafe-statics", *more, "-c", *source),
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr


def test_the_example_of_the_manual_compiles(tmp_path):
    page = (Path(__file__).resolve().parents[2] / "docs" / "tflite_micro.md").read_text()
    (block,) = re.findall(r"^```cpp\n(.*?)^```", page, re.DOTALL | re.MULTILINE)
    includes, statements = block.split("\n\n", 1)
    source = tmp_path / "example.cc"
    source.write_text(f"{includes}\nvoid Example() {{\n{statements}}}\n")
    subprocess.run(glue_command(compiler(), 1, "-fsyntax-only", str(source)), check=True)


def test_the_glue_needs_no_exceptions_rtti_or_heap(tmp_path):
    nm = shutil.which("nm")
    if nm is None:
        pytest.skip("no nm")
    target = tmp_path / "glue.o"
    source = [str(GLUE / "tfcaps_tflm.cc"), "-o", str(target)]
    subprocess.run(glue_command(compiler(), 2, "-O2", "-fno-threadsafe-statics", "-c", *source), check=True)
    wanted = subprocess.run([nm, "-u", str(target)], capture_output=True, text=True, check=True).stdout.split()
    names = {name for name in wanted if name != "U"}
    assert not {name for name in names if not name.startswith(("tfcaps_", "_Z11MicroPrintf", "memset", "_GLOBAL"))}
