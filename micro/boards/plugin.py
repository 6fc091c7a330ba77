"""Compiles the QEMU plugin that counts instructions, with the host's C compiler."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from tfcaps.errors import RuntimeUnavailableError
from tfcaps.micro.build import WARNINGS, compiler

__all__ = ["api_version", "build_plugin"]

_SOURCE = Path(__file__).resolve().parent / "plugin" / "count.c"


def api_version(said: str) -> int:
    """The version of the plugin interface to compile for.

    Args:
        said: What QEMU prints for --version.

    Raises:
        RuntimeUnavailableError: QEMU is too old for plugins, or that is no QEMU.
    """
    found = re.search(r"version (\d+)\.(\d+)", said)
    version = tuple(map(int, found.groups())) if found else (0, 0)
    if version < (6, 0):
        raise RuntimeUnavailableError(f"expected QEMU 6.0 or newer, got {said.strip()[:60]!r}")
    return 1 if version < (9, 0) else 2 if version < (9, 1) else 3


def build_plugin(qemu: str, folder: Path) -> Path:
    """Compile the plugin for an emulator.

    Args:
        qemu: The emulator's command.
        folder: Where the shared library goes.

    Returns:
        Its path.

    Raises:
        RuntimeUnavailableError: There is no C compiler, or it failed.
    """
    done = subprocess.run([qemu, "--version"], capture_output=True, text=True, check=False)
    library = folder / "count.so"
    try:
        command = [*compiler(), *WARNINGS, "-O2", "-fPIC", "-shared", "-fvisibility=hidden"]
    except RuntimeError as error:
        raise RuntimeUnavailableError(str(error)) from None
    command += [f"-DTFCAPS_QEMU_PLUGIN_API={api_version(done.stdout)}", "-o", str(library), str(_SOURCE)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    if result.returncode:
        raise RuntimeUnavailableError(f"{command[0]} could not compile {_SOURCE.name}: {result.stderr.strip()}")
    return library
