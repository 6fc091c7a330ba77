"""`tfcaps deploy --runtime tflm`: what is written, that it compiles, and what is refused."""

import json
import re
import shutil
import subprocess
from types import SimpleNamespace

import numpy as np
import pytest
from click.testing import CliRunner
from glue_build import FAKE, compiler
from test_interpreter import dense_model, network
from tiny_models import TinyModel, schema, squash_params

from tfcaps.cli.main import cli
from tfcaps.converters.deploy import folder, resolver, tflm_project, write_folder
from tfcaps.converters.deploy.names import check_name, name_from
from tfcaps.converters.deploy.resolver import resolver_calls
from tfcaps.converters.deploy.tflm import arena_size
from tfcaps.errors import TfcapsError
from tfcaps.quantization.simulator import Simulator
from tfcaps.runtime import Interpreter
from tfcaps.runtime.tflite_file import read_tflite


def deploy(*arguments):
    return CliRunner().invoke(cli, ["deploy", *map(str, arguments)])


@pytest.fixture(scope="module")
def data():
    """A model with convolutions and all the capsule operators."""
    return network(np.random.default_rng(0)).to_bytes()


@pytest.fixture(scope="module")
def model(data, tmp_path_factory):
    path = tmp_path_factory.mktemp("model") / "my-net.tflite"
    path.write_bytes(data)
    return path


@pytest.fixture(scope="module")
def project(model):
    out = model.parent / "out"
    result = deploy(model, "-o", out, "--json")
    assert result.exit_code == 0, result.stderr
    return out, json.loads(result.stdout)


def elements(text, name):
    """The numbers of an array in C."""
    (body,) = re.findall(rf"\b{name}\[\w*\] = \{{(.*?)\}};", text, re.DOTALL)
    return [int(number, 0) for number in re.findall(r"-?\w+", body)]


def test_the_model_is_whole_and_aligned(project, data):
    text = (project[0] / "my_net_model.cc").read_text()
    assert bytes(elements(text, "kModel")) == data
    assert "alignas(16) const unsigned char kModel[kModelSize]" in text
    assert f"kModelSize = {len(data)};" in (project[0] / "my_net_model.h").read_text()


def test_the_arena_is_what_the_runtime_reports(project, data):
    out, facts = project
    (size,) = re.findall(r"kArenaSize = (\d+);", (out / "my_net_model.h").read_text())
    used = Interpreter(data, "tflm").arena_used_bytes
    assert facts["arena_used_bytes"] == used
    assert facts["arena_bytes"] == int(size)
    assert used <= int(size) <= 1.05 * used
    Interpreter(data, "tflm", arena_size=int(size))


@pytest.mark.parametrize("used", [1000, 1001, 3727, 14432, 10**6, 123_456_789])
def test_arenas_grow_by_less_than_five_percent(used):
    assert used <= arena_size(used) <= 1.05 * used
    assert arena_size(used) % 16 == 0


def test_the_example_is_the_runtimes_and_the_simulators(project, data):
    text = (project[0] / "my_net_example.cc").read_text()
    runner = Interpreter(data, "tflm")
    x = np.array(elements(text, "kInput0"), np.int8).reshape(runner.inputs[0].shape)
    for outputs in (runner.invoke(x), Simulator(data).invoke(x)):
        for number, info in enumerate(runner.outputs):
            expected = np.array(elements(text, f"kOutput{number}"), np.int8).reshape(info.shape)
            np.testing.assert_array_equal(outputs[info.name], expected)


def test_an_image_becomes_the_example(model, tmp_path):
    (info,) = read_tflite(model).input_infos
    image = np.linspace(0, 1, int(np.prod(info.shape))).reshape(info.shape[1:]).astype(np.float32)
    np.save(tmp_path / "image.npy", image)
    result = deploy(model, "-o", tmp_path / "out", "--image", tmp_path / "image.npy", "--name", "with_image")
    assert result.exit_code == 0, result.stderr
    text = (tmp_path / "out" / "with_image_example.cc").read_text()
    expected = np.clip(np.floor(image / np.float32(info.scale) + 0.5) + info.zero_point, -128, 127)
    np.testing.assert_allclose(elements(text, "kInput0"), expected.ravel(), atol=1)
    assert "The image given to deploy." in (tmp_path / "out" / "with_image_example.h").read_text()
    np.save(tmp_path / "image.npy", image[1:])
    result = deploy(model, "-o", tmp_path / "other", "--image", tmp_path / "image.npy")
    assert (result.exit_code, len(result.stderr.splitlines())) == (2, 1)


def test_the_resolver_has_exactly_the_operators(project, data):
    text = (project[0] / "my_net_resolver.h").read_text()
    calls = re.findall(r"([\w:.]+\(\w*\)) == ok", text)
    assert calls == resolver_calls(read_tflite(data))
    assert set(calls) == {
        "resolver.AddConv2D()",
        "resolver.AddReshape()",
        "tfcaps::AddSquash(resolver)",
        "tfcaps::AddCapsuleDense(resolver)",
        "tfcaps::AddLength(resolver)",
    }
    assert f"MicroMutableOpResolver<{len(calls)}>" in text


def test_only_what_the_capsule_operators_need_is_copied(project):
    files = {path.relative_to(project[0]).as_posix() for path in project[0].rglob("*") if path.is_file()}
    assert "tfcaps/tflm/tfcaps_tflm.cc" in files
    assert "tfcaps/include/tfcaps/options.h" in files
    assert "tfcaps/src/tfcaps_squash_s8.c" in files
    assert not any("conv_2d" in name or name.endswith("nn.h") for name in files)
    assert len(files) == project[1]["files"]


def test_the_same_model_gives_the_same_project(project, data):
    again = tflm_project(data, name="my_net").files
    assert {name: (project[0] / name).read_bytes() for name in again} == again


@pytest.mark.parametrize(("generation", "make"), [(1, network), (2, dense_model)])
def test_cmake_builds_the_project(generation, make, tmp_path):
    """Against the test double, whose interpreter only says what it was given."""
    if shutil.which("cmake") is None:
        pytest.skip("no cmake")
    write_folder(tmp_path / "out", tflm_project(make(np.random.default_rng(1)).to_bytes(), name="net").files)
    library, definition = tmp_path / "libfake.a", f"-DFAKE_TFLM_GENERATION={generation}"
    flags = ["-std=c++17", "-I", str(FAKE), definition, "-c", str(FAKE / "fake_interpreter.cc")]
    subprocess.run([compiler(), *flags, "-o", str(tmp_path / "fake.o")], check=True)
    subprocess.run(["ar", "rc", str(library), str(tmp_path / "fake.o")], check=True)
    build = tmp_path / "build"
    warnings = "-Wall -Wextra -Werror -fno-exceptions -fno-rtti"
    configure = ["cmake", "-S", str(tmp_path / "out"), "-B", str(build), f"-DTFLM_INCLUDE_DIRS={FAKE}"]
    configure += [f"-DTFLM_LIBRARY={library}", f"-DTFLM_DEFINITIONS=FAKE_TFLM_GENERATION={generation}"]
    configure += [f"-DCMAKE_CXX_FLAGS={warnings}", "-DCMAKE_C_FLAGS=-Wall -Wextra -Werror"]
    for command in (configure, ["cmake", "--build", str(build)]):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
    done = subprocess.run([build / "net"], capture_output=True, text=True, check=False)
    arena = re.search(r"kArenaSize = (\d+);", (tmp_path / "out" / "net_model.h").read_text())[1]
    has_length = int(make is network)
    assert done.stdout.splitlines() == [
        f"model 1, aligned 1, arena {arena}, length {has_length}, other 0",
        "net: FAIL: the tensors could not be allocated",
    ]
    assert done.returncode == 1


def refuse(*arguments, match):
    result = deploy(*arguments)
    assert result.exit_code == 2
    assert len(result.stderr.splitlines()) == 1
    assert re.search(match, result.stderr), result.stderr


def custom_model(tmp_path, builtin=None):
    tiny = TinyModel()
    x, y = tiny.input([1, 4], 0.1), tiny.tensor([1, 4], 0.1, name="result")
    if builtin is None:
        tiny.output(tiny.op("NoSuchOp", [x], [y], custom=b""))
    else:
        tiny.output(tiny.op(builtin, [x], [y]))
    path = tmp_path / "odd.tflite"
    path.write_bytes(tiny.to_bytes())
    return path


def test_unknown_operators_are_named_before_anything_is_written(tmp_path):
    for builtin, name in ((None, "NoSuchOp"), ("HASHTABLE_SIZE", "HASHTABLE_SIZE")):
        path = custom_model(tmp_path, builtin)
        refuse(path, "-o", tmp_path / "out", match=rf"odd.tflite: operator 0, {name} \(tensor 'result'\): no method")
    assert not (tmp_path / "out").exists()


def test_bad_files_are_refused(tmp_path, data):
    path = tmp_path / "bad.tflite"
    path.write_bytes(data[:500])
    refuse(path, "-o", tmp_path / "out", match=r"bad.tflite: .*damaged")
    path.write_bytes(b"text")
    refuse(path, "-o", tmp_path / "out", match="not a .tflite")
    refuse(tmp_path / "none.tflite", match="does not exist")
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["bad.tflite"]


@pytest.mark.parametrize("name", ["", "Digits", "9", "a-b", "class", "std", "a__b", "_a", "a_", "x" * 65, "ä", "a\n"])
def test_names_that_cpp_or_cmake_cannot_take_are_refused(name, model, tmp_path):
    refuse(model, "-o", tmp_path / "out", "--name", name, match="Expected a C\\+\\+ name")


@pytest.mark.parametrize("stem", ["my-net", "7", "class", "", "ÄÖ", "A.b c", "x" * 99, "model_", "__"])
def test_every_file_has_a_name(stem):
    check_name(name_from(stem))


def test_folders_that_hold_something_are_left_alone(model, tmp_path, monkeypatch):
    out = tmp_path / "out"
    out.mkdir()
    assert deploy(model, "-o", out).exit_code == 0  # empty
    (out / "mine.txt").write_text("mine")
    refuse(model, "-o", out, match="is not empty")
    assert (out / "mine.txt").exists()
    assert deploy(model, "-o", out, "--force", "--name", "second").exit_code == 0
    assert not (out / "mine.txt").exists()
    assert (out / "second_model.h").exists()
    foreign = tmp_path / "foreign"
    foreign.mkdir()
    (foreign / "mine.txt").write_text("mine")
    refuse(model, "-o", foreign, "--force", match="not written by tfcaps deploy")
    refuse(model, "-o", foreign / "mine.txt", match="is a file")
    refuse(model, "-o", tmp_path / "no" / "out", match="does not exist")
    monkeypatch.chdir(out)
    refuse(model, "-o", ".", "--force", match="another folder than the current one")
    refuse(model, "-o", "..", "--force", match="another folder than the current one")
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["foreign", "out"]


@pytest.mark.parametrize("name", ["replace", "write"])
def test_a_folder_is_whole_or_not_there(name, tmp_path, monkeypatch):
    out = tmp_path / "out"
    write_folder(out, {"tfcaps.json": b"{}", "a/b": b"old"})
    calls = []

    def fail(*arguments):
        calls.append(arguments)
        if name == "replace" and len(calls) != 2:  # away with the old one, the new one fails, and the old one back
            return original(*arguments)
        raise KeyboardInterrupt

    original = folder.os.replace
    if name == "replace":
        monkeypatch.setattr(folder.os, "replace", fail)
    else:
        monkeypatch.setattr(folder.Path, "write_bytes", fail)
    with pytest.raises(KeyboardInterrupt):
        write_folder(out, {"tfcaps.json": b"{}", "a/b": b"new"}, force=True)
    monkeypatch.undo()
    assert (out / "a" / "b").read_bytes() == b"old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["out"]


def test_models_of_several_outputs_and_of_floats_have_examples():
    rng = np.random.default_rng(0)
    tiny = TinyModel()
    x = tiny.input([1, 5, 4], 0.05)
    y = tiny.squash(x, squash_params(0.05))
    tiny.output(y)
    tiny.output(tiny.op("DEQUANTIZE", [y], [tiny.tensor([1, 5, 4], dtype=np.float32)]))
    files = tflm_project(tiny.to_bytes(), name="two").files
    text = files["two_example.cc"].decode()
    integers = np.array(elements(text, "kOutput0"), np.int8)
    floats = np.frombuffer(bytes(elements(text, "kOutput1")), np.float32)
    np.testing.assert_array_equal(floats, integers / np.float32(128))
    assert "resolver.AddDequantize()" in files["two_resolver.h"].decode()
    with pytest.raises(TfcapsError, match=r"Expected an image for inputs of shape \[5, 4\], got one of \[2\]"):
        tflm_project(tiny.to_bytes(), image=rng.random(2).astype(np.float32))


@pytest.mark.parametrize(
    ("builtin", "method"),
    [("FULLY_CONNECTED", "FullyConnected"), ("MAX_POOL_2D", "MaxPool2D"), ("RELU6", "Relu6"), ("PADV2", "PadV2")],
)
def test_resolver_methods_are_spelt_as_the_runtime_spells_them(builtin, method):
    op = SimpleNamespace(name=builtin, is_custom=False)
    assert resolver_calls(SimpleNamespace(operators=[op, op])) == [f"resolver.Add{method}()"]


def test_every_operator_that_has_a_method_exists():
    known = {name for name, value in vars(schema.BuiltinOperator).items() if isinstance(value, int)}
    assert known >= resolver._REGULAR | set(resolver._IRREGULAR)
