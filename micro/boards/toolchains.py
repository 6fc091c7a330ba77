"""The programs that build for a board and run it, and the Debian packages they come from."""

from __future__ import annotations

import dataclasses
import shutil
import subprocess
from collections.abc import Iterable

from tfcaps.errors import RuntimeUnavailableError

__all__ = ["ARM_GCC", "RISCV_CLANG", "RISCV_GCC", "Mark", "Toolchain", "missing", "require", "version"]


@dataclasses.dataclass(frozen=True)
class Mark:
    """The instruction that cuts a count, as c/mark.h writes it: its encoding and its bytes."""

    encoding: int
    size: int


@dataclasses.dataclass(frozen=True)
class Toolchain:
    """A compiler and what belongs to it.

    Attributes:
        compiler: The command that compiles.
        flags: Its options for every board.
        linker: The command that links; a GCC, since it knows where its libraries are.
        link_flags: Its options for every board.
        size: The command that lists the sections of an ELF file.
        qemu: The emulator's command, and what it is always told.
        entry: The file in c/ with the reset code.
        mark: The marking instruction.
        packages: By command: the Debian packages that it comes from or needs.
    """

    compiler: str
    flags: tuple[str, ...]
    linker: str
    link_flags: tuple[str, ...]
    size: str
    qemu: tuple[str, ...]
    entry: str
    mark: Mark
    packages: dict[str, tuple[str, ...]] = dataclasses.field(hash=False)


_PICOLIBC = "--specs=picolibc.specs"
_ARM_PACKAGES = ("gcc-arm-none-eabi", "picolibc-arm-none-eabi")
_RISCV_PACKAGES = ("gcc-riscv64-unknown-elf", "picolibc-riscv64-unknown-elf")

ARM_GCC = Toolchain(
    compiler="arm-none-eabi-gcc",
    flags=("-mthumb", _PICOLIBC),
    linker="arm-none-eabi-gcc",
    link_flags=("-mthumb", _PICOLIBC),
    size="arm-none-eabi-size",
    qemu=("qemu-system-arm",),
    entry="entry_cortex_m.c",
    mark=Mark(0x46DB, 2),
    packages={"arm-none-eabi-gcc": _ARM_PACKAGES, "qemu-system-arm": ("qemu-system-arm",)},
)
RISCV_GCC = Toolchain(
    compiler="riscv64-unknown-elf-gcc",
    flags=(_PICOLIBC,),
    linker="riscv64-unknown-elf-gcc",
    link_flags=(_PICOLIBC,),
    size="riscv64-unknown-elf-size",
    qemu=("qemu-system-riscv32", "-bios", "none"),
    entry="entry_riscv.S",
    mark=Mark(0x7CA02013, 4),
    packages={"riscv64-unknown-elf-gcc": _RISCV_PACKAGES, "qemu-system-riscv32": ("qemu-system-misc",)},
)
RISCV_CLANG = dataclasses.replace(
    RISCV_GCC,
    compiler="clang-19",
    flags=("-isystem", "/usr/lib/picolibc/riscv64-unknown-elf/include"),
    packages={"clang-19": ("clang-19",), **RISCV_GCC.packages},
)


def missing(toolchains: Iterable[Toolchain]) -> dict[str, tuple[str, ...]]:
    """The commands that are not on the PATH or lack their C library, with the Debian packages that bring each."""
    chains = list(toolchains)
    needed = {command: packages for chain in chains for command, packages in chain.packages.items()}
    lacking = {command for command in needed if shutil.which(command) is None}
    lacking |= {linker for linker in {chain.linker for chain in chains} - lacking if not _has_picolibc(linker)}
    return {command: packages for command, packages in needed.items() if command in lacking}


def require(toolchains: Iterable[Toolchain]) -> None:
    """Nothing, if all commands are there.

    Raises:
        RuntimeUnavailableError: Some are not; the message says what to install.
    """
    lacking = missing(toolchains)
    if lacking:
        packages = dict.fromkeys(package for needed in lacking.values() for package in needed)
        command = f"sudo apt-get install --no-install-recommends {' '.join(packages)}"
        raise RuntimeUnavailableError(f"not found or incomplete: {', '.join(lacking)}; on Debian: {command}")


def version(command: str) -> str:
    """What a compiler or an emulator calls itself: the first line of what it says for --version."""
    done = subprocess.run([command, "--version"], capture_output=True, text=True, check=True)
    return done.stdout.splitlines()[0]


def _has_picolibc(gcc: str) -> bool:
    command = [gcc, "-print-file-name=picolibc.specs"]  # a bare name comes back where there is none
    return "/" in subprocess.run(command, capture_output=True, text=True, check=False).stdout
