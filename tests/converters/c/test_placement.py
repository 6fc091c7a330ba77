"""The memory planner: random problems, known answers, and plans that a byte-by-byte replay has to find fault with."""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tfcaps.converters.c.check import check_offsets
from tfcaps.converters.c.ops.base import row_schedule
from tfcaps.planner.memory import ALIGNMENT, Buffer, Follow, Memory
from tfcaps.planner.place import lower_bound, place


def chain(*sizes):
    return [Buffer(f"t{n}", size, n, n + 1) for n, size in enumerate(sizes)]


@st.composite
def schedules(draw, source, target):
    """Rows of an output that some rows of the input are enough for."""
    rows = draw(st.integers(1, 6))
    written = sorted(draw(st.lists(st.integers(1, target), min_size=rows, max_size=rows)))
    needed = sorted(draw(st.lists(st.integers(0, source), min_size=rows, max_size=rows)))
    return (*zip(written, needed, strict=True), (target, needed[-1]))


@st.composite
def memories(draw):
    layers = draw(st.integers(1, 7))
    buffers = []
    for layer in range(layers):
        for _ in range(draw(st.integers(0, 2))):
            last = draw(st.integers(layer, layers))
            scratch = draw(st.booleans()) and last == layer
            buffers.append(Buffer(f"b{len(buffers)}", draw(st.integers(1, 400)), layer, last, scratch))
    follows = []
    for (a, x), (b, y) in itertools.permutations(enumerate(buffers), 2):
        if x.first < x.last == y.first and not y.is_scratch and draw(st.booleans()):
            if draw(st.booleans()):
                follows.append(Follow(a, b, draw(schedules(x.size, y.size))))
            elif x.size == y.size or draw(st.booleans()):
                at = draw(st.integers(0, max(0, y.size - x.size))) if x.size <= y.size else 0
                follows.append(Follow(a, b, at=at // ALIGNMENT * ALIGNMENT))
    return Memory(tuple(buffers), tuple(follows))


@given(memories())
@settings(max_examples=250, deadline=None)
def test_no_live_byte_is_overwritten(memory):
    offsets = place(memory)
    size = check_offsets(memory, offsets)
    assert -(-size // ALIGNMENT) * ALIGNMENT >= lower_bound(memory)
    assert place(memory) == offsets


@given(memories())
@settings(max_examples=60, deadline=None)
def test_following_never_costs_memory(memory):
    def size(problem):
        return check_offsets(problem, place(problem))

    assert size(memory) <= -(-size(Memory(memory.buffers)) // ALIGNMENT) * ALIGNMENT


def test_a_chain_needs_its_largest_pair():
    memory = Memory(tuple(chain(160, 320, 480, 160, 800)))
    assert check_offsets(memory, place(memory)) == lower_bound(memory) == 960


def test_a_puzzle_that_greedy_orders_do_not_solve():
    spans = [(2, 0, 3), (1, 1, 6), (3, 2, 4), (1, 3, 8), (2, 4, 7), (3, 5, 9), (2, 7, 9), (1, 9, 9)]
    memory = Memory(tuple(Buffer(f"b{n}", 16 * size, first, last) for n, (size, first, last) in enumerate(spans)))
    assert check_offsets(memory, place(memory)) == lower_bound(memory)


def test_in_place_takes_no_room():
    buffers = (Buffer("x", 100, 0, 1), Buffer("y", 100, 1, 2), Buffer("z", 100, 2, 3))
    memory = Memory(buffers, (Follow(0, 1), Follow(1, 2)))
    assert place(memory) == [0, 0, 0]


def test_parts_lie_in_the_whole():
    buffers = (Buffer("a", 32, 0, 2), Buffer("b", 48, 1, 2), Buffer("both", 80, 2, 3))
    memory = Memory(buffers, (Follow(0, 2, at=0), Follow(1, 2, at=32)))
    assert place(memory) == [0, 32, 0]


def test_an_input_that_lives_on_is_not_followed():
    buffers = (Buffer("x", 100, 0, 2), Buffer("y", 100, 1, 2))
    offsets = place(Memory(buffers, (Follow(0, 1),)))
    assert abs(offsets[0] - offsets[1]) >= 100


CONVOLUTIONS = [
    # input, output, stride, padding, lead
    ((1, 22, 22, 16), (1, 8, 8, 64), 2, 0, 512),
    ((1, 30, 30, 32), (1, 28, 28, 32), 1, 0, 896),
    ((1, 28, 28, 1), (1, 22, 22, 16), 1, 0, 352 * 22 - 28 * 21),
    ((1, 8, 8, 4), (1, 8, 8, 4), 1, 1, 64),
    ((1, 9, 8, 4), (1, 5, 4, 4), 2, 2, 32),
]


@pytest.mark.parametrize(("source", "output", "stride", "padding", "lead"), CONVOLUTIONS)
def test_the_lead_of_a_convolution(source, output, stride, padding, lead):
    (overlap,) = row_schedule(source, output, stride, padding)
    follow = Follow(0, 1, overlap.schedule)
    assert follow.lead == lead
    sizes = [shape[1] * shape[2] * shape[3] for shape in (source, output)]
    memory = Memory((Buffer("x", sizes[0], 0, 1), Buffer("y", sizes[1], 1, 2)), (follow,))
    aligned = -(-lead // ALIGNMENT) * ALIGNMENT
    assert check_offsets(memory, place(memory)) == max(aligned + sizes[0], sizes[1])
    check_offsets(memory, [aligned, 0])
    with pytest.raises(AssertionError, match="overwritten"):
        check_offsets(memory, [lead // ALIGNMENT * ALIGNMENT - (0 if lead % ALIGNMENT else ALIGNMENT), 0])


def test_several_images_are_kept_apart():
    assert row_schedule((2, 8, 8, 1), (2, 8, 8, 1), 1, 1) == ()


def test_the_replay_finds_faults():
    buffers = (Buffer("x", 64, 0, 1), Buffer("scratch", 64, 1, 1, True), Buffer("y", 64, 1, 2))
    memory = Memory(buffers, (Follow(0, 2),))
    assert check_offsets(memory, [0, 64, 0]) == 128
    for offsets in ([0, 0, 64], [0, 64, 64], [0, 64, 16], [0, 64, 8], [0, 48, 128]):
        with pytest.raises(AssertionError):
            check_offsets(memory, offsets)
