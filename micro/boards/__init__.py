"""Emulated boards: compile C for a microcontroller, run it in QEMU, count its instructions.

    from tfcaps.micro import boards

    board = boards.board("cortex-m4")
    image = boards.build(board, boards.Sources(board=[Path("main.c")]), folder)
    boards.run(board, image.elf, folder).counts        # instructions between BOARD_MARK() and BOARD_MARK()

Counts are instructions, exact and the same every time; they are not cycles. docs/boards.md is the manual.
"""

from tfcaps.micro.boards.build import Image, Sources, build, compile_kernels
from tfcaps.micro.boards.emulator import Run, run
from tfcaps.micro.boards.measure import MODEL_NAME, Layer, Measurement, measure
from tfcaps.micro.boards.registry import BOARDS, Board, Memory, board
from tfcaps.micro.boards.toolchains import missing, require, version

__all__ = [
    "BOARDS",
    "MODEL_NAME",
    "Board",
    "Image",
    "Layer",
    "Measurement",
    "Memory",
    "Run",
    "Sources",
    "board",
    "build",
    "compile_kernels",
    "measure",
    "missing",
    "require",
    "run",
    "version",
]
