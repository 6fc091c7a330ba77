"""A project for TFLite Micro: files by name, everything a firmware engineer compiles but the runtime itself."""

from __future__ import annotations

import dataclasses
import importlib.resources
import json
import string
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tfcaps.converters.deploy.arrays import c_type, hex_rows, rows
from tfcaps.converters.deploy.folder import MARKER
from tfcaps.converters.deploy.names import check_name
from tfcaps.converters.deploy.resolver import resolver_calls
from tfcaps.converters.deploy.sources import operator_sources
from tfcaps.errors import TfcapsError
from tfcaps.runtime import Interpreter, TensorInfo
from tfcaps.runtime.batches import quantize
from tfcaps.runtime.tflite_file import read_tflite

_TEMPLATES = ("README.md", "CMakeLists.txt", "main.cc", "model.h", "model.cc", "resolver.h", "example.h", "example.cc")
_PLAIN = ("README.md", "CMakeLists.txt", "main.cc")  # not called after the model


class _Template(string.Template):
    delimiter = "@"


@dataclasses.dataclass(frozen=True)
class TflmProject:
    """What `tflm_project` makes.

    Attributes:
        name: C++ namespace and prefix of file names.
        files: Contents by relative path.
        arena_bytes: The arena's size in the project.
        arena_used_bytes: What TFLite Micro used on this machine.
        operators: The model's operators, each once.
    """

    name: str
    files: dict[str, bytes]
    arena_bytes: int
    arena_used_bytes: int
    operators: tuple[str, ...]


def tflm_project(data: bytes, *, name: str = "model", image: NDArray[np.float32] | None = None) -> TflmProject:
    """Everything that runs a .tflite in TFLite Micro, apart from TFLite Micro.

    Args:
        data: The .tflite.
        name: A C++ name in lower case; files, namespace and target are called after it.
        image: What the example is run on, [H, W, C] of a model with one input, in real values; noise when left out.

    Returns:
        The project's files and sizes.

    Raises:
        FileFormatError: The model is damaged, or TFLite Micro cannot run it.
        ConversionError: An operator that no resolver method is known for.
        TfcapsError: The name or the image is not what was expected.
    """
    check_name(name)
    model = read_tflite(data)
    calls = resolver_calls(model)
    used = Interpreter(data, "tflm").arena_used_bytes
    arena = arena_size(used)
    interpreter = Interpreter(data, "tflm", arena_size=arena)
    inputs = _noise(interpreter.inputs) if image is None else [_quantized(image, interpreter.inputs)]
    outputs = interpreter.invoke({info.name: array for info, array in zip(interpreter.inputs, inputs, strict=True)})
    results = [outputs] if isinstance(outputs, np.ndarray) else [outputs[info.name] for info in interpreter.outputs]
    operators = tuple(dict.fromkeys(op.name for op in model.operators))
    values = {
        "name": name,
        "guard": name.upper(),
        "model_size": len(data),
        "model_rows": hex_rows(data),
        "arena_used": used,
        "arena_size": arena,
        "op_count": len(calls),
        "op_calls": " &&\n           ".join(f"{call} == ok" for call in calls),
        "op_names": ", ".join(operators),
        "input_count": len(inputs),
        "output_count": len(results),
        "example_what": "Noise, for a model that has not seen any." if image is None else "The image given to deploy.",
        "example_arrays": "\n".join([*_arrays("kInput", inputs), *_arrays("kOutput", results)]),
        "input_entries": _entries("kInput", len(inputs)),
        "output_entries": _entries("kOutput", len(results)),
    }
    files = {_file_name(template, name): _fill(template, values) for template in _TEMPLATES}
    facts = {"name": name, "runtime": "tflm", "arena_bytes": arena, "arena_used_bytes": used, "operators": operators}
    files[MARKER] = (json.dumps(facts, indent=2) + "\n").encode()
    files |= {f"tfcaps/{path}": content for path, content in operator_sources().items()}
    return TflmProject(name, files, arena, used, operators)


def arena_size(used: int) -> int:
    """2 % more than was used, for other versions of the runtime, in steps of 16 bytes."""
    return (used + used // 50 + 15) // 16 * 16


def _noise(infos: tuple[TensorInfo, ...]) -> list[NDArray[Any]]:
    """The same for every run: all of int8, or real values in [0, 1)."""
    rng = np.random.default_rng(0)
    return [
        rng.random(info.shape).astype(info.dtype)
        if info.dtype.kind == "f"
        else rng.integers(*((0, 2) if info.dtype == np.bool_ else (-128, 128)), info.shape).astype(info.dtype)
        for info in infos
    ]


def _quantized(image: NDArray[np.float32], infos: tuple[TensorInfo, ...]) -> NDArray[Any]:
    if len(infos) != 1 or image.shape != infos[0].shape[1:]:
        shapes = " and ".join(str(list(info.shape[1:])) for info in infos)
        raise TfcapsError(f"Expected an image for inputs of shape {shapes}, got one of {list(image.shape)}")
    info = infos[0]
    return quantize(image[None], info) if info.scale and info.dtype.kind in "iu" else image[None].astype(info.dtype)


def _arrays(prefix: str, arrays: list[NDArray[Any]]) -> list[str]:
    return [
        f"// {'x'.join(map(str, array.shape))}, {array.dtype}\n"
        f"alignas(16) const {c_type(array.dtype)} {prefix}{number}[] = {{\n{rows(array)}\n}};\n"
        for number, array in enumerate(arrays)
    ]


def _entries(prefix: str, count: int) -> str:
    return ", ".join(f"{{{prefix}{n}, sizeof {prefix}{n}}}" for n in range(count))


def _file_name(template: str, name: str) -> str:
    return template if template in _PLAIN else f"{name}_{template}"


def _fill(template: str, values: dict[str, Any]) -> bytes:
    text = (importlib.resources.files("tfcaps.converters.deploy") / "templates" / template).read_text("utf-8")
    return _Template(text).substitute(values).encode()
