"""Every board as a test parameter; one whose tools are missing is skipped, with what to install."""

import pytest

from tfcaps.errors import RuntimeUnavailableError
from tfcaps.micro.boards import BOARDS, require


def reason_to_skip(board):
    try:
        require([board.toolchain])
    except RuntimeUnavailableError as error:
        return f"untested: {board.name}: {error}"
    return ""


def parameter(board):
    reason = reason_to_skip(board)
    return pytest.param(board, id=board.name, marks=[pytest.mark.skip(reason=reason)] if reason else [])


every_board = pytest.mark.parametrize("board", [parameter(board) for board in BOARDS.values()], scope="module")
any_board = pytest.mark.parametrize(
    "board", [parameter(BOARDS["cortex-m4"]), parameter(BOARDS["rv32imac"])], scope="module"
)
