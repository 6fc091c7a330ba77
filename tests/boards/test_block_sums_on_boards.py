"""The inner loops of convolutions on every board, some of them assembly, against the plain sum."""

from pathlib import Path

import pytest
from on_boards import every_board

from tfcaps.micro import boards, include_dir, source_files

MAIN = Path(__file__).with_name("block_sums.c")


@every_board
@pytest.mark.parametrize("plain", [False, True], ids=["core", "plain"])
def test_blocks_of_all_sizes_have_the_plain_sum(board, plain, tmp_path):
    kernels = [path for path in source_files() if path.name.startswith("tfcaps_dot")]
    flags = [f"-I{include_dir()}", f"-I{kernels[0].parent}", *(["-DTFCAPS_PLAIN_C"] if plain else [])]
    image = boards.build(board, boards.Sources(board=[MAIN], kernels=kernels, flags=flags), tmp_path)
    done = boards.run(board, image.elf, tmp_path)
    assert (done.exit_code, done.text) == (0, "0")
