"""Instructions of an operator on a board, predicted from what `tfcaps bench` counted of each kind of operator.

A line was fitted for every kind and board: so many for a multiply-accumulate, for a value written and for the call. The
lines are in instructions.json, which also says what they were fitted on; docs/pruning.md says how far they are off.
"""

from __future__ import annotations

import functools
import json
import math
from pathlib import Path

from tfcaps.errors import TfcapsError
from tfcaps.pruning.cost.operators import SizedOperator

_FILE = Path(__file__).with_name("instructions.json")
_KINDS = (
    "DEPTHWISE_CONV_2D",
    "FULLY_CONNECTED",
    "TfcapsCapsuleDense",
    "TfcapsSquash",
    "TfcapsLength",
    "SOFTMAX",
    "POOL_2D",
    "LOOKUP",
    "GATHER",
)
_RESCALINGS = {"ADD": 3, "SUB": 3, "MUL": 1}  # of an output value


def instructions(op: SizedOperator, board: str) -> float:
    """Instructions of one operator for one image.

    Raises:
        TfcapsError: Nothing is known of the board.
    """
    kind = _kind(op)
    line = _lines(board)[kind]
    work, results = _counts(op, kind)
    return line["mac"] * work + line["output"] * results + line["call"]


def boards() -> tuple[str, ...]:
    """The boards of which something is known."""
    return tuple(_read())


def _lines(board: str) -> dict[str, dict[str, float]]:
    try:
        return _read()[board]
    except KeyError:
        raise TfcapsError(f"Expected one of the boards {', '.join(_read())}, got {board!r}") from None


@functools.cache
def _read() -> dict[str, dict[str, dict[str, float]]]:
    return json.loads(_FILE.read_text(encoding="utf-8"))["targets"]


def _kind(op: SizedOperator) -> str:
    """The row of the table that an operator belongs to."""
    if op.op == "CONV_2D":
        if op.inputs[0][-1] == 1:
            return "CONV_2D_1CH"
        return "CONV_2D_1X1" if op.kernel[:2] == (1, 1) else "CONV_2D"
    if op.op == "MEAN":
        return "POOL_2D"
    return op.op if op.op in _KINDS else "ELEMENTWISE"


def _counts(op: SizedOperator, kind: str) -> tuple[int, int]:
    """What a line's "mac" and "output" multiply; "units" in the file says it in words."""
    if kind == "TfcapsCapsuleDense":
        return op.macs, op.inputs[0][0] * op.output[0] * (op.form.iterations - 1)
    if kind in ("TfcapsSquash", "TfcapsLength"):
        return math.prod(op.inputs[0]), math.prod(op.inputs[0][:-1])
    if kind == "SOFTMAX":
        return op.outputs, math.prod(op.output[:-1])
    if kind == "POOL_2D":
        return math.prod(op.inputs[0]) if op.op == "MEAN" else op.outputs * math.prod(op.kernel), op.outputs
    if kind == "GATHER":
        return op.output[0], op.outputs
    if kind == "ELEMENTWISE":
        return op.outputs * _RESCALINGS.get(op.op, 0), op.outputs
    return op.macs, op.outputs
