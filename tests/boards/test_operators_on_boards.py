"""Every operator of generated C on every board, against TFLite Micro on the host."""

import pytest
from bench_command import bench_json
from every_op import every_op
from on_boards import every_board
from one_op import MAKERS

SEEDS = range(2)


@every_board
@pytest.mark.parametrize("seed", SEEDS)
def test_operators_give_the_bits_of_the_host(board, seed, tmp_path):
    path = tmp_path / "every_op.tflite"
    path.write_bytes(every_op(seed))
    (found,) = bench_json(path, "--target", board.name, "--images", 3, "--seed", seed)
    assert found["exact"]
    assert len(found["layers"]) >= len(MAKERS)
