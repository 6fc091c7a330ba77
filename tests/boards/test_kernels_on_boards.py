"""Every capsule kernel on every board, against what the simulator computes on the host."""

from pathlib import Path

import numpy as np
import pytest
from kernel_calls import all_calls
from on_boards import every_board

from tfcaps.converters.c.kernel_sources import needed_files
from tfcaps.micro import boards, include_dir, source_files

MAIN = Path(__file__).with_name("kernel_calls.c")


@pytest.fixture(scope="module")
def calls():
    return all_calls()


@pytest.fixture(scope="module")
def program(board, calls, tmp_path_factory):
    """The image, and the folder it was built and run in, twice."""
    folder = tmp_path_factory.mktemp(board.name)
    needed = needed_files(MAIN.read_text())
    kernels = [path for path in source_files() if path.name in needed]
    sources = boards.Sources(board=[MAIN], kernels=kernels, flags=[f"-I{include_dir()}"])
    image = boards.build(board, sources, folder)
    (folder / "calls.bin").write_bytes(b"".join(call.words for call in calls))
    runs = [boards.run(board, image.elf, folder) for _ in range(2)]
    return image, runs, (folder / "results.bin").read_bytes()


@every_board
def test_kernels_give_the_bits_of_the_simulator(board, program, calls):
    _, runs, results = program
    assert [run.exit_code for run in runs] == [0, 0]
    found = np.frombuffer(results, np.int8)
    assert found.size == sum(call.expected.size for call in calls)
    start = 0
    for call in calls:
        part = found[start : start + call.expected.size]
        start += call.expected.size
        np.testing.assert_array_equal(part, call.expected.reshape(-1), err_msg=call.name)


@every_board
def test_counts_are_the_same_in_two_runs(board, program, calls):
    _, runs, _ = program
    assert runs[0] == runs[1]
    of_kernels = runs[0].counts[::2]  # the others are of the program between two calls
    assert len(of_kernels) == len(calls)
    for call, count in zip(calls, of_kernels, strict=True):
        assert count > call.expected.size, call.name


@every_board
def test_sizes_and_stack_are_sane(board, program):
    image, runs, _ = program
    assert 1500 < image.code_bytes < 26000
    assert image.weight_bytes == 0
    assert image.static_bytes < 64
    assert 40 < int(runs[0].text) < 1500
