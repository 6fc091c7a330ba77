"""Small programs: what is counted, what is measured, and what happens to those that go wrong."""

import dataclasses

import pytest
from on_boards import any_board, every_board

from tfcaps.errors import TfcapsError
from tfcaps.micro import boards

HEAD = '#include <stdint.h>\n#include <string.h>\n#include "mark.h"\n#include "semihosting.h"\n#include "stack.h"\n'


def build_and_run(board, folder, body, *, before="", timeout=20):
    source = folder / "main.c"
    source.write_text(f"{HEAD}{before}\nint main(void) {{\n{body}\n}}\n")
    image = boards.build(board, boards.Sources(board=[source]), folder)
    return image, boards.run(board, image.elf, folder, timeout=timeout)


@every_board
def test_every_instruction_between_marks_is_counted(board, tmp_path):
    """Straight lines, and a loop whose marks lie in the middle of blocks."""
    nops = "\n".join(["nop"] * 37).replace("\n", "\\n")
    body = f"""
        BOARD_MARK(); BOARD_MARK();
        __asm volatile("{nops}");
        BOARD_MARK();
        for (volatile int n = 0; n < 3; ++n) {{ __asm volatile("nop\\nnop"); BOARD_MARK(); }}
        return 0;"""
    _, run = build_and_run(board, tmp_path, body)
    assert run.exit_code == 0
    assert run.counts[:2] == [0, 37]
    assert run.counts[3] == run.counts[4]
    assert 4 <= run.counts[3] <= 12


@every_board
def test_marks_are_seen_at_the_end_of_a_page(board, tmp_path):
    """QEMU looks across the end of a page (1 KB on a Cortex-M) for half an instruction there."""
    page, jump = (1024, "b") if board.name.startswith("cortex") else (4096, "j")
    body = "".join(
        f'''__asm volatile("{jump} 1f\\n.balign {page}\\n.space {page - back}\\n1:");
        BOARD_MARK(); BOARD_MARK(); BOARD_MARK();
        __asm volatile("nop\\nnop"); BOARD_MARK();'''
        for back in (2, 4, 6, 8, 10)
        if back % 4 == 0 or page == 1024
    )
    _, run = build_and_run(board, tmp_path, f"{body} return 0;")
    assert run.exit_code == 0
    assert run.counts == [0, 0, 2, 1] * (len(run.counts) // 4) + [0, 0, 2]


@every_board
def test_variables_text_and_exit_code(board, tmp_path):
    before = """
        static uint32_t set = 7, cleared[100];
        static int64_t divide(volatile int64_t *a, int64_t b) { return *a / b; }"""
    body = """
        volatile int64_t big = -1234567890123456789;
        uint32_t sum = set;
        for (int n = 0; n < 100; ++n) sum += cleared[n];
        board_print("sum "); board_print_number(sum);
        board_print(divide(&big, 1000003) == -1234564186430 ? " right\\n" : " wrong\\n");
        return (int)sum;"""
    _, run = build_and_run(board, tmp_path, body, before=before)
    assert run.text == "sum 7 right\n"
    assert run.exit_code == 7


@every_board
def test_stack_is_measured(board, tmp_path):
    before = """
        __attribute__((noinline)) static void deep(void) {
            volatile uint8_t bytes[1000];
            for (int n = 0; n < 1000; ++n) bytes[n] = 1;
        }"""
    body = "board_stack_paint(); deep(); board_print_number(board_stack_used()); return 0;"
    _, run = build_and_run(board, tmp_path, body, before=before)
    assert 1000 <= int(run.text) <= 1032


@every_board
def test_overflow_of_the_stack_is_noticed(board, tmp_path):
    before = """
        __attribute__((noinline)) static uint32_t eat(volatile uint32_t *from, int words) {
            volatile uint32_t here[1024];
            for (int n = 0; n < 1024; ++n) here[n] = from[0];
            return words > 0 ? eat(here, words - 1024) + here[0] : 0;
        }"""
    body = """
        volatile uint32_t start = 0;
        board_stack_paint();
        (void)eat(&start, (32 << 10) / 4);
        board_print_number(board_stack_used());
        return 0;"""
    assert int(build_and_run(board, tmp_path, body, before=before)[1].text) == 2**32 - 1


@every_board
def test_a_fault_is_named(board, tmp_path):
    with pytest.raises(TfcapsError, match=f"target {board.name}: the processor stopped at exception [0-9]"):
        build_and_run(board, tmp_path, '__asm volatile(".hword 0xde00, 0"); return 0;')


@any_board
def test_a_program_that_does_not_end_is_killed(board, tmp_path):
    with pytest.raises(TfcapsError, match="did not end within 1 seconds"):
        build_and_run(board, tmp_path, "for (;;) { BOARD_MARK(); }", timeout=1)


@any_board
def test_a_program_that_does_not_compile(board, tmp_path):
    with pytest.raises(TfcapsError, match=f"target {board.name}: .*gcc failed: .*error: .*undeclared"):
        build_and_run(board, tmp_path, "return nothing;")


@any_board
def test_a_program_that_is_too_large(board, tmp_path):
    memory = dataclasses.replace(board.memory, ram_bytes=2 * board.memory.stack_bytes + 1024)
    small = dataclasses.replace(board, memory=memory)
    before = "static volatile uint8_t large[4096];"
    with pytest.raises(TfcapsError, match=r"failed: program.elf .* region `ram'"):
        build_and_run(small, tmp_path, "large[0] = 1; return large[1];", before=before)


@any_board
def test_files_that_are_not_there(board, tmp_path):
    _, run = build_and_run(board, tmp_path, 'return board_open("none.bin", BOARD_READ) < 0 ? 5 : 0;')
    assert run.exit_code == 5


@any_board
def test_kernels_that_were_compiled_before(board, tmp_path):
    source, kernel = tmp_path / "main.c", tmp_path / "seven.c"
    source.write_text("int seven(void); int main(void) { return seven(); }\n")
    kernel.write_text("int seven(void) { return FLAG; }\n")
    objects = boards.compile_kernels(board, [kernel], tmp_path, ["-DFLAG=7"])
    anew = boards.build(board, boards.Sources(board=[source], kernels=[kernel], flags=["-DFLAG=7"]), tmp_path / "a")
    image = boards.build(board, boards.Sources(board=[source], objects=objects), tmp_path / "b")
    assert boards.run(board, image.elf, tmp_path).exit_code == 7
    assert dataclasses.replace(image, elf=anew.elf) == anew
