"""Packages of the kernels for the tools of firmware engineers.

`python -m tfcaps.micro.packaging arduino FOLDER` writes a library for the Arduino IDE, whose layout is not ours;
`python -m tfcaps.micro.packaging pack` writes tfcaps.tfcaps.pdsc anew, whose files are listed one by one.
CMake, Zephyr (zephyr/module.yml) and ESP-IDF (idf_component.yml) take the folder of tfcaps.micro as it is.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from string import Template
from xml.sax.saxutils import quoteattr

__all__ = ["PACK", "arduino_library", "pack_description"]

_ROOT = Path(__file__).resolve().parents[1]
PACK = _ROOT / "tfcaps.tfcaps.pdsc"
_PACK_TEMPLATE = Path(__file__).with_name("pack.xml")


def arduino_library(folder: Path) -> None:
    """Write a library that the Arduino IDE compiles: everything under src, headers included.

    Args:
        folder: New or empty; to be called tfcaps or zipped.
    """
    source = folder / "src"
    (source / "tfcaps").mkdir(parents=True)
    shutil.copy(Path(__file__).with_name("arduino") / "library.properties", folder)
    shutil.copy(Path(__file__).with_name("arduino") / "tfcaps.h", source)
    for path in (_ROOT / "src").glob("*.[ch]"):
        shutil.copy(path, source)
    for path in (_ROOT / "include" / "tfcaps").glob("*.h"):
        shutil.copy(path, source / "tfcaps")


def pack_description() -> str:
    """The text of the CMSIS-Pack description with the files there are."""
    kernels = [_file("include", "include/")]
    kernels += [
        _file("header", f"include/tfcaps/{path.name}") for path in sorted((_ROOT / "include/tfcaps").glob("*.h"))
    ]
    kernels += [_file("source", f"src/{path.name}") for path in sorted((_ROOT / "src").glob("*.c"))]
    kernels += [_file("other", f"src/{path.name}") for path in sorted((_ROOT / "src").glob("*.h"))]
    operators = [
        _file("include", "tflm/"),
        _file("header", "tflm/tfcaps_tflm.h"),
        _file("sourceCpp", "tflm/tfcaps_tflm.cc"),
    ]
    text = Template(_PACK_TEMPLATE.read_text("utf-8"))
    return text.substitute(kernels="\n".join(kernels), operators="\n".join(operators))


def _file(category: str, name: str) -> str:
    return f"        <file category={quoteattr(category)} name={quoteattr(name)}/>"
