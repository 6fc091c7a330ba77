"""Runs an image in QEMU: exit code, printed text, exact instruction counts."""

from __future__ import annotations

import dataclasses
import subprocess
from pathlib import Path

from tfcaps.errors import TfcapsError
from tfcaps.micro.boards.plugin import build_plugin
from tfcaps.micro.boards.registry import Board
from tfcaps.micro.boards.toolchains import require

__all__ = ["Run", "run"]

_FAULT = 64  # BOARD_FAULT of c/start.h


@dataclasses.dataclass(frozen=True)
class Run:
    """What a program did.

    Attributes:
        exit_code: What main() gave.
        text: What it printed.
        counts: The instructions executed between each mark and the next.
    """

    exit_code: int
    text: str
    counts: list[int]


def run(board: Board, elf: Path, folder: Path, *, timeout: float = 120.0) -> Run:
    """Run a program to its end.

    Args:
        board: The board.
        elf: The program.
        folder: Where its files are: semihosting opens them there. The plugin and its counts go there too.
        timeout: Seconds after which the emulator is killed.

    Returns:
        What it did.

    Raises:
        RuntimeUnavailableError: The emulator is missing, or has no plugins.
        TfcapsError: The program faulted or did not end, or the emulator could not run it.
    """
    chain = board.toolchain
    require([chain])
    build_plugin(chain.qemu[0], folder)
    counts = folder / "counts.txt"
    counts.unlink(missing_ok=True)
    command = [*chain.qemu, "-M", board.machine, *(("-cpu", board.cpu) if board.cpu else ())]
    command += ["-display", "none", "-monitor", "none", "-serial", "none", "-kernel", str(elf.resolve())]
    command += ["-chardev", "stdio,id=host", "-semihosting-config", "enable=on,target=native,chardev=host"]
    mark = chain.mark
    command += ["-plugin", f"./count.so,mark={mark.encoding:#x},size={mark.size},out={counts.name}"]
    try:
        done = subprocess.run(
            command, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, timeout=timeout, check=False
        )
    except subprocess.TimeoutExpired:
        raise TfcapsError(f"target {board.name}: the program did not end within {timeout:g} seconds") from None
    if done.returncode >= _FAULT:
        raise TfcapsError(f"target {board.name}: the processor stopped at exception {done.returncode - _FAULT}")
    if done.returncode < 0 or not counts.exists():
        said = done.stderr.decode(errors="replace").strip().splitlines() or [f"signal {-done.returncode}"]
        raise TfcapsError(f"target {board.name}: {chain.qemu[0]} failed: {said[0]}")
    numbers = [int(line) for line in counts.read_text().split()]
    return Run(done.returncode, done.stdout.decode(errors="replace"), numbers)
