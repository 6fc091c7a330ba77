"""The boards: each a machine that QEMU emulates, and how to compile for its processor. A new board is one entry."""

from __future__ import annotations

import dataclasses

from tfcaps.errors import TfcapsError
from tfcaps.micro.boards.toolchains import ARM_GCC, RISCV_CLANG, RISCV_GCC, Toolchain

__all__ = ["BOARDS", "Board", "Memory", "board"]

_KB, _MB = 1 << 10, 1 << 20


@dataclasses.dataclass(frozen=True)
class Memory:
    """Where a board has memory.

    Attributes:
        vectors: Address that the processor starts at; 1 KB from there is for the vectors or the first instructions.
        flash: Address of code and constants.
        flash_bytes: Their limit.
        ram: Address of data.
        ram_bytes: Their limit.
        stack_bytes: Of the RAM, kept for the stack.
    """

    vectors: int
    flash: int
    flash_bytes: int
    ram: int
    ram_bytes: int
    stack_bytes: int = 32 * _KB


@dataclasses.dataclass(frozen=True)
class Board:
    """A target of `tfcaps bench`.

    Attributes:
        name: What it is called there.
        processor: A name of `tfcaps.micro.processors.PROCESSORS`: how programs are laid out for it.
        core: The processor in words.
        machine: QEMU's name of the machine.
        toolchain: Compiler, linker and emulator.
        flags: The compiler's options for this processor.
        memory: The memory map.
        cpu: QEMU's option -cpu, where the machine leaves a choice.
        link_flags: Instead of `flags` when linking; they choose among the compiler's libraries.
    """

    name: str
    processor: str
    core: str
    machine: str
    toolchain: Toolchain
    flags: tuple[str, ...]
    memory: Memory
    cpu: str = ""
    link_flags: tuple[str, ...] = ()


_MPS2 = Memory(0x00000000, 0x00000400, 4 * _MB - _KB, 0x20000000, 4 * _MB)
_AN505 = Memory(0x10000000, 0x10000400, 4 * _MB - _KB, 0x38000000, 2 * _MB)
_AN547 = Memory(0x00000000, 0x70000000, 16 * _MB, 0x20000000, 512 * _KB)  # the secure half of the DRAM as flash
_VIRT = Memory(0x80000000, 0x80000400, 32 * _MB - _KB, 0x82000000, 32 * _MB)

# GCC 12.2 miscompiles plain C for the Cortex-M55 at -O3 in its SLP vectoriser (docs/boards.md).
_M55 = ("-mcpu=cortex-m55", "-mfloat-abi=hard", "-fno-tree-slp-vectorize")
_RV32GCV = ("--target=riscv32-unknown-elf", "-march=rv32gcv", "-mabi=ilp32d")


def _rv32gcv(name: str, bits: int) -> Board:
    """The same program for vectors of any length."""
    return Board(
        name,
        "rv32gcv",
        f"RISC-V with vectors of {bits} bits",
        "virt",
        RISCV_CLANG,
        _RV32GCV,
        _VIRT,
        cpu=f"rv32,v=true,vlen={bits},vext_spec=v1.0",
        link_flags=("-march=rv32imafdc", "-mabi=ilp32d"),
    )


BOARDS: dict[str, Board] = {
    board.name: board
    for board in (
        Board("cortex-m0", "cortex-m0", "Cortex-M0", "mps2-an385", ARM_GCC, ("-mcpu=cortex-m0",), _MPS2),
        Board("cortex-m3", "cortex-m3", "Cortex-M3", "mps2-an385", ARM_GCC, ("-mcpu=cortex-m3",), _MPS2),
        Board(
            "cortex-m4",
            "cortex-m4",
            "Cortex-M4F",
            "mps2-an386",
            ARM_GCC,
            ("-mcpu=cortex-m4", "-mfloat-abi=hard"),
            _MPS2,
        ),
        Board(
            "cortex-m7",
            "cortex-m7",
            "Cortex-M7",
            "mps2-an500",
            ARM_GCC,
            ("-mcpu=cortex-m7", "-mfloat-abi=hard"),
            _MPS2,
        ),
        Board(
            "cortex-m33",
            "cortex-m33",
            "Cortex-M33",
            "mps2-an505",
            ARM_GCC,
            ("-mcpu=cortex-m33", "-mfloat-abi=hard"),
            _AN505,
        ),
        Board("cortex-m55", "cortex-m55", "Cortex-M55 with Helium", "mps3-an547", ARM_GCC, _M55, _AN547),
        Board(
            "rv32imc",
            "rv32imc",
            "RISC-V without atomics or floating point",
            "virt",
            RISCV_GCC,
            ("-march=rv32imc", "-mabi=ilp32"),
            _VIRT,
            cpu="rv32,a=false,f=false,d=false",
        ),
        Board(
            "rv32imac",
            "rv32imac",
            "RISC-V without floating point",
            "virt",
            RISCV_GCC,
            ("-march=rv32imac", "-mabi=ilp32"),
            _VIRT,
            cpu="rv32,f=false,d=false",
        ),
        _rv32gcv("rv32gcv", 128),
        _rv32gcv("rv32gcv-256", 256),
    )
}


def board(name: str) -> Board:
    """The board called `name`.

    Raises:
        TfcapsError: There is none; the message lists all.
    """
    if name not in BOARDS:
        raise TfcapsError(f"unknown target {name!r}: expected one of {', '.join(BOARDS)}")
    return BOARDS[name]
