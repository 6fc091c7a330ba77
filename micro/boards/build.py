"""Compiles a program for a board, and tells from the ELF file how large its parts are."""

from __future__ import annotations

import dataclasses
import subprocess
from collections.abc import Sequence
from pathlib import Path

from tfcaps.errors import TfcapsError
from tfcaps.micro.boards.registry import Board
from tfcaps.micro.boards.toolchains import require

__all__ = ["Image", "Sources", "build", "compile_kernels"]

C = Path(__file__).resolve().parent / "c"
_FLAGS = ("-std=c99", "-O3", "-ffunction-sections", "-fdata-sections", f"-I{C}", "-include", str(C / "mark.h"))
_ROLES = ("board", "model", "kernels")  # the folders that c/board.ld tells apart


@dataclasses.dataclass(frozen=True)
class Sources:
    """The C files of a program.

    Attributes:
        board: What only feeds the model; start-up and semihosting are added to them.
        model: What holds the weights.
        kernels: Everything else.
        flags: Further options for the compiler, for instance -I.
        objects: Kernels that `compile_kernels` has compiled for the same board already.
    """

    board: Sequence[Path]
    model: Sequence[Path] = ()
    kernels: Sequence[Path] = ()
    flags: Sequence[str] = ()
    objects: Sequence[Path] = ()


@dataclasses.dataclass(frozen=True)
class Image:
    """A program ready to run; what belongs to the board and not to the model is left out of the sizes.

    Attributes:
        elf: The file.
        code_bytes: Instructions, the kernels' tables, and the first values of variables.
        weight_bytes: The model's constants.
        static_bytes: Variables of model and kernels.
    """

    elf: Path
    code_bytes: int
    weight_bytes: int
    static_bytes: int


def build(board: Board, sources: Sources, folder: Path) -> Image:
    """Compile and link.

    Args:
        board: What for.
        sources: The program.
        folder: Where objects and the ELF file go.

    Returns:
        The image.

    Raises:
        RuntimeUnavailableError: A tool is missing.
        TfcapsError: The compiler or the linker failed; the message holds the first error.
    """
    chain = board.toolchain
    require([chain])
    own = [C / "start.c", C / "semihosting.c", C / chain.entry]
    objects = list(sources.objects)
    for role, files in zip(_ROLES, ([*sources.board, *own], sources.model, sources.kernels), strict=True):
        objects += [path.relative_to(folder) for path in _compile(board, files, folder / role, sources.flags)]
    command = [chain.linker, *chain.link_flags, *(board.link_flags or board.flags), "-nostartfiles", "-T"]
    command += [str(C / "board.ld"), *_memory(board), "-Wl,--gc-sections", "-Wl,--no-warn-rwx-segments"]
    _run([*command, "-o", "program.elf", *map(str, objects)], folder, board)
    size = _sections(chain.size, folder / "program.elf")
    return Image(
        elf=folder / "program.elf",
        code_bytes=size[".text"] + size[".rodata"] + size[".data"],
        weight_bytes=size[".weights"],
        static_bytes=size[".data"] + size[".bss"],
    )


def compile_kernels(board: Board, files: Sequence[Path], folder: Path, flags: Sequence[str] = ()) -> list[Path]:
    """Objects for `Sources.objects` of several programs, so that each need not compile the kernels anew.

    Args:
        board: What for.
        files: The C files.
        folder: A folder for the objects.
        flags: Further options for the compiler.

    Raises:
        RuntimeUnavailableError: A tool is missing.
        TfcapsError: The compiler failed; the message holds the first error.
    """
    require([board.toolchain])
    return [path.resolve() for path in _compile(board, files, folder / "kernels", flags)]


def _compile(board: Board, files: Sequence[Path], folder: Path, flags: Sequence[str]) -> list[Path]:
    """Objects in a folder that is called after their role; c/board.ld knows them by its name."""
    chain = board.toolchain
    folder.mkdir(parents=True, exist_ok=True)
    if files:
        command = [chain.compiler, *chain.flags, *board.flags, *_FLAGS, *flags, "-c"]
        _run([*command, *(str(path.resolve()) for path in files)], folder, board)
    return [folder / f"{path.stem}.o" for path in files]


def _memory(board: Board) -> list[str]:
    memory = board.memory
    symbols = {
        "__vectors": memory.vectors,
        "__flash": memory.flash,
        "__flash_size": memory.flash_bytes,
        "__ram": memory.ram,
        "__ram_size": memory.ram_bytes,
        "__stack_size": memory.stack_bytes,
    }
    return [f"-Wl,--defsym={name}={value:#x}" for name, value in symbols.items()]


def _run(command: list[str], folder: Path, board: Board) -> str:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        telling = ("error:", "undefined reference", "overflowed", "/ld: ")
        lines = [line for line in done.stderr.splitlines() if any(word in line for word in telling)]
        said = (lines or done.stderr.splitlines() or [f"exit code {done.returncode}"])[0]
        raise TfcapsError(f"target {board.name}: {command[0]} failed: {said.split('/ld: ')[-1].strip()}")
    return done.stdout


def _sections(size: str, elf: Path) -> dict[str, int]:
    """The sizes of c/board.ld's sections."""
    done = subprocess.run([size, "-A", str(elf)], capture_output=True, text=True, check=True)
    listed = [line.split() for line in done.stdout.splitlines() if line.startswith(".")]
    sizes = dict.fromkeys((".text", ".rodata", ".weights", ".data", ".bss"), 0)
    return sizes | {fields[0]: int(fields[1]) for fields in listed}
