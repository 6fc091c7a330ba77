"""Known wrong code of compilers, and that the boards' options avoid it (docs/boards.md)."""

from on_boards import every_board

from tfcaps.micro import boards

SUMS = [5, -70000, 65535, 1234, -4321, 99, 100000, -1, 7, 8, -90000, 10, 11, 12, 13, 14, 50000, 3] + [0] * 14
NORMS = r"""
#include "semihosting.h"

__attribute__((noinline)) static void norms(const int32_t *sums, uint32_t *squares, int count) {
    for (int j = 0; j < count; ++j, sums += 16) {
        int32_t largest = 1;
        for (int d = 0; d < 16; ++d) {
            const int32_t a = sums[d] < 0 ? -sums[d] : sums[d];
            largest = a > largest ? a : largest;
        }
        int shift = 0;
        while ((largest >> shift) > 8191) {
            ++shift;
        }
        uint32_t total = 0;
        for (int d = 0; d < 16; ++d) {
            const int32_t a = sums[d] >> shift;
            total += (uint32_t)(a * a);
        }
        squares[j] = total;
    }
}

static const int32_t sums[32] = {SUMS};

int main(void) {
    uint32_t squares[2];
    norms(sums, squares, 2);
    board_print_number(squares[0]);
    board_print(" ");
    board_print_number(squares[1]);
    return 0;
}
"""


def norm(sums):
    shift = 0
    while max(map(abs, sums)) >> shift > 8191:
        shift += 1
    return sum((a >> shift) ** 2 for a in sums)


@every_board
def test_shifts_by_one_amount_are_not_vectorised_wrongly(board, tmp_path):
    """GCC 12.2's SLP vectoriser gives other numbers on a Cortex-M55."""
    source = tmp_path / "main.c"
    source.write_text(NORMS.replace("SUMS", ", ".join(map(str, SUMS))))
    image = boards.build(board, boards.Sources(board=[source]), tmp_path)
    assert boards.run(board, image.elf, tmp_path).text == f"{norm(SUMS[:16])} {norm(SUMS[16:])}"
