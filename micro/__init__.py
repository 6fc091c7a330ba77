"""The portable C of tfcaps, as files: headers, kernel sources and the shared libraries compiled from them.

    cc -I$(python -c "import tfcaps.micro as m; print(m.include_dir())") ...

`tfcaps.micro.build` compiles the libraries; this module only says where things are and imports nothing heavy.
"""

from __future__ import annotations

import sys
from pathlib import Path

from tfcaps.errors import RuntimeUnavailableError

__all__ = ["LIBRARIES", "include_dir", "library_path", "source_files"]

LIBRARIES = ("tfcaps_kernels", "tfcaps_litert", "tfcaps_tflm")
_ROOT = Path(__file__).resolve().parent


def include_dir() -> Path:
    """The folder to put on a C compiler's include path: it holds `tfcaps/kernels.h` and `tfcaps/options.h`."""
    return _ROOT / "include"


def source_files() -> list[Path]:
    """The C files of the kernels and the options reader, sorted: all that a firmware has to compile."""
    return sorted((_ROOT / "src").glob("*.c"))


def library_path(name: str) -> Path:
    """Where the compiled shared library `name` is.

    Args:
        name: One of `LIBRARIES`.

    Returns:
        The path of an existing file.

    Raises:
        RuntimeUnavailableError: There is no such library, or it was not compiled.
    """
    if name not in LIBRARIES:
        raise RuntimeUnavailableError(f"unknown library {name!r}: expected one of {', '.join(LIBRARIES)}")
    path = _ROOT / "lib" / (name + (".dylib" if sys.platform == "darwin" else ".so"))
    if not path.is_file():
        raise RuntimeUnavailableError(f"{path.name} was not compiled: run `python -m tfcaps.micro.build`")
    return path
