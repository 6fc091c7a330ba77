"""Compiles the host's shared libraries: `python -m tfcaps.micro.build`.

setup.py runs the same code while it installs, by file, so this module imports nothing of tfcaps.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

__all__ = ["WARNINGS", "compile_library", "compiler", "libraries"]

WARNINGS = ["-std=c99", "-Wall", "-Wextra", "-Wconversion", "-Wsign-conversion", "-pedantic"]
_FLAGS = ["-O2", "-fPIC", "-shared", "-fvisibility=hidden"]
_ROOT = Path(__file__).resolve().parent
_SUFFIX = ".dylib" if sys.platform == "darwin" else ".so"


def libraries(root: Path = _ROOT) -> dict[str, list[Path]]:
    """The C files of every library, by its name; `root` is the micro folder."""
    kernels = sorted((root / "src").glob("*.c"))
    shared = sorted((root / "host").glob("*.c"))
    return {
        "tfcaps_kernels": kernels,
        "tfcaps_litert": kernels + shared + sorted((root / "host" / "litert").glob("*.c")),
        "tfcaps_tflm": kernels + shared + sorted((root / "host" / "tflm").glob("*.c")),
    }


def compiler() -> list[str]:
    """The C compiler's command: $CC, or cc.

    Raises:
        RuntimeError: There is none.
    """
    command = shlex.split(os.environ.get("CC", "cc"))
    if not command or shutil.which(command[0]) is None:
        name = command[0] if command else "cc"
        raise RuntimeError(f"C compiler {name!r} was not found: install one or point CC at it")
    return command


def compile_library(name: str, out_dir: Path, *, root: Path = _ROOT) -> Path:
    """Compiles one shared library unless it is newer than all that it is made of.

    Args:
        name: A key of `libraries()`.
        out_dir: Where the library goes; made when missing.
        root: The micro folder.

    Returns:
        The path of the library.

    Raises:
        RuntimeError: No compiler, or the compiler failed; the message holds what it said.
    """
    sources = libraries(root)[name]
    target = out_dir / (name + _SUFFIX)
    made_of = [*sources, *root.rglob("*.h"), Path(__file__)]
    if target.exists() and target.stat().st_mtime >= max(path.stat().st_mtime for path in made_of):
        return target
    command = [*compiler(), *_FLAGS, *WARNINGS]
    if name == "tfcaps_kernels":  # its functions are the library's whole purpose
        command.remove("-fvisibility=hidden")
    includes = [f"-I{root / folder}" for folder in ("include", "src", "host")]
    out_dir.mkdir(parents=True, exist_ok=True)
    part = target.with_suffix(f".{os.getpid()}.part")  # a reader sees the old library or the new one, never half of it
    try:
        command += [*includes, "-o", str(part), *map(str, sources), "-ldl"]
        result = subprocess.run(command, capture_output=True, text=True, check=False)
        if result.returncode:
            raise RuntimeError(f"{command[0]} could not compile {target.name}: {result.stderr.strip()}")
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
    return target


def main() -> int:
    """Compiles every library in place."""
    for name in libraries():
        try:
            print(compile_library(name, _ROOT / "lib"))
        except RuntimeError as error:
            print(f"tfcaps: {error}", file=sys.stderr)
            return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
