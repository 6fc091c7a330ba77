"""`to_c`: an int8 .tflite becomes a folder of C that runs it without an interpreter."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import tfcaps
from tfcaps.converters.c.build_files import text_of_cmake, text_of_make
from tfcaps.converters.c.folder import check_folder, write_folder
from tfcaps.converters.c.header import text_of_header
from tfcaps.converters.c.kernel_sources import needed_files
from tfcaps.converters.c.plan import Plan, make_plan
from tfcaps.converters.c.program import build_program
from tfcaps.converters.c.render import Source, text_of_program, text_of_weights
from tfcaps.converters.c.self_test import Images, make_self_test
from tfcaps.errors import TfcapsError
from tfcaps.runtime.tflite_file import read_tflite

_IDENTIFIER = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,47}")
# name.h on the include path must not hide one of these.
_HEADERS = [
    "assert",
    "complex",
    "ctype",
    "errno",
    "fenv",
    "float",
    "inttypes",
    "iso646",
    "limits",
    "locale",
    "math",
    "setjmp",
    "signal",
    "stdalign",
    "stdarg",
    "stdatomic",
    "stdbool",
    "stddef",
    "stdint",
    "stdio",
    "stdlib",
    "stdnoreturn",
    "string",
    "tgmath",
    "threads",
    "time",
    "uchar",
    "wchar",
    "wctype",
    "unistd",
    "features",
]


def check_name(name: str) -> None:
    """Complains about a name that cannot begin identifiers and file names.

    Raises:
        TfcapsError: It is no C identifier of at most 48 letters, digits and underscores that begins with a letter, or
            it is that of a standard header.
    """
    if not isinstance(name, str) or not _IDENTIFIER.fullmatch(name):
        raise TfcapsError(
            f"Expected name to be a C identifier of at most 48 letters, digits and underscores, got {name!r}"
        )
    if name.lower() in _HEADERS:
        raise TfcapsError(f"Expected another name than {name!r}: {name}.h would hide the C library's header")


def name_of_file(path: Path) -> str:
    """A name made of a file's: "my-net.v2.tflite" becomes "my_net_v2"."""
    name = re.sub(r"\W+", "_", path.stem, flags=re.ASCII).strip("_")[:48]
    if not _IDENTIFIER.fullmatch(name) or name.lower() in _HEADERS:
        name = f"net_{name}".rstrip("_")[:48]
    return name


def to_c(
    model: bytes | bytearray | str | os.PathLike[str],
    out_dir: str | os.PathLike[str],
    *,
    name: str = "model",
    self_test: Images | None = None,
    inputs_in_arena: bool = False,
    processor: str | None = None,
    layout: str | None = None,
    votes: str = "auto",
    ram: int = 0,
    cmsis_nn: bool = False,
) -> Plan:
    """Write a C99 program that computes what TFLite Micro computes, bit for bit.

    The folder holds name.c (the calls), name.h (the API, with its manual), name_weights.c and .h, name.json (the plan),
    the kernels that are needed in tfcaps/, CMakeLists.txt and name.mk; it compiles on its own. The program needs no
    more of the C library than string.h, neither allocates nor uses floating point, and keeps nothing outside the
    caller's arena.

    Args:
        model: The bytes of an int8 .tflite, or its path.
        out_dir: The folder; made if it does not exist, and files of the same names in it are replaced.
        name: What the files and everything in them are called: a C identifier.
        self_test: int8 images [n, ...], or a dict of them by input name; the first one becomes the program's self-test.
            Noise if left out.
        inputs_in_arena: Have the inputs in the arena, where later layers take their bytes: less memory in all for a
            caller who writes the image there, and one copy of it for any other.
        processor: What the program shall be quick on: "cortex-m0" ... "rv32gcv", all of which are listed in
            `docs/ahead_of_time.md`. It decides about layout and votes. The program runs on every processor and gives
            the same bits in any case.
        layout: How the weights lie in flash instead: "plain", "padded", "paired" or "interleaved"; "plain" if neither
            is given.
        votes: What becomes of the votes of capsule layers between routing iterations: "keep", "recompute" (less
            memory), or "auto", which keeps them where the arena has room and the processor is quicker with them; one
            that the layout is for, if none is given.
        ram: Bytes that the arena may have, for layers that are quicker with more scratch memory than they need. They
            get what lies free in the smallest arena in any case.
        cmsis_nn: Plan the memory so that CMSIS-NN can take convolutions and dense layers, for a program that is
            compiled with -DTFCAPS_USE_CMSIS_NN (see `docs/ahead_of_time.md`). The bits are the same.

    Returns:
        The memory plan.

    Raises:
        FileFormatError: The model is damaged.
        ConversionError: An operator has no kernel; the message names operator, layer and tensor.
        TfcapsError: The name is no identifier, there is no such processor, layout or policy of votes, or no CMSIS-NN
            for the processor, or the folder cannot be written. Nothing has been written in any of these cases.
    """
    check_name(name)
    folder = Path(out_dir)
    check_folder(folder)
    file = read_tflite(model)
    program = build_program(
        file,
        inputs_in_arena=inputs_in_arena,
        processor=processor,
        layout=layout,
        votes=votes,
        ram=ram,
        cmsis_nn=cmsis_nn,
    )
    plan = make_plan(program)
    source = Source(name, plan, make_self_test(file, program, self_test))
    write_folder(folder, files_of(source))
    return plan


def files_of(source: Source) -> dict[str, str | bytes]:
    """Everything in the folder, by path."""
    name = source.name
    program_text = text_of_program(source)
    weights_text, weights_header = text_of_weights(source)
    kernels = needed_files(program_text + '\n#include "tfcaps/kernels.h"\n')
    sources = [f"{name}.c", f"{name}_weights.c", *(f"tfcaps/{file}" for file in kernels if file.endswith(".c"))]
    facts = {"name": name, "tfcaps": tfcaps.__version__, "sources": sources, **source.plan.facts()}
    return {
        f"{name}.c": program_text,
        f"{name}.h": text_of_header(source),
        f"{name}_weights.c": weights_text,
        f"{name}_weights.h": weights_header,
        f"{name}.json": json.dumps(facts, indent=2) + "\n",
        f"{name}.mk": text_of_make(name, sources, source.program.processor),
        "CMakeLists.txt": text_of_cmake(name, sources, source.program.processor),
        **{f"tfcaps/{file}": content for file, content in kernels.items()},
    }
