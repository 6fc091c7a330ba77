/* tfcaps_dot_block against the plain sum: rows of every size up to some turns
 * of the inner loops, so many rows, steps and strides. Prints how many shapes
 * differ, and the first of them. */
#include <string.h>

#include "semihosting.h"
#include "tfcaps_dot_block.h"

enum {
    FILTERS = TFCAPS_BLOCK_FILTERS,
    COLUMNS = TFCAPS_BLOCK_COLUMNS,
};

static int8_t input[4096];
static int8_t kernel[4096];

static uint32_t next_random(void) {
    static uint32_t state = 1;
    state = state * 1664525U + 1013904223U;
    return state >> 16;
}

static uint32_t expected(const tfcaps_dot_rows *bytes, const int8_t *x, const int8_t *w, uint32_t sum) {
    for (int32_t row = 0; row < bytes->rows; ++row) {
        for (int32_t n = 0; n < bytes->size; ++n) {
            sum += (uint32_t)(x[row * bytes->input_step + n] * w[row * bytes->kernel_step + n]);
        }
    }
    return sum;
}

static int differs(const tfcaps_dot_rows *bytes, int32_t input_stride, int32_t kernel_stride) {
    uint32_t sums[FILTERS * COLUMNS + 1];
    uint32_t before[FILTERS * COLUMNS + 1];
    for (int32_t n = 0; n <= FILTERS * COLUMNS; ++n) {
        before[n] = next_random() * 65521U;
    }
    memcpy(sums, before, sizeof(sums));
    tfcaps_dot_block(bytes, input + 1, input_stride, kernel + 1, kernel_stride, sums);
    int wrong = sums[FILTERS * COLUMNS] != before[FILTERS * COLUMNS];
    for (int32_t n = 0; n < FILTERS * COLUMNS; ++n) {
        const int8_t *x = input + 1 + n / FILTERS * input_stride;
        const int8_t *w = kernel + 1 + n % FILTERS * kernel_stride;
        wrong |= sums[n] != expected(bytes, x, w, before[n]);
    }
    return wrong;
}

int main(void) {
    for (size_t n = 0; n < sizeof(input); ++n) {
        input[n] = (int8_t)(next_random() & 0xff);
        kernel[n] = (int8_t)(next_random() & 0xff);
    }
    uint32_t wrong = 0;
    for (int32_t size = 1; size <= 40; ++size) {
        for (int32_t rows = 1; rows <= 4; ++rows) {
            for (int32_t stride = 0; stride < 4; ++stride) {
                const tfcaps_dot_rows bytes = {rows, size, size + 3 * stride, size + stride};
                if (differs(&bytes, 7 * stride, rows * (size + stride))) {
                    if (wrong++ == 0) {
                        board_print_number((uint32_t)(10000 * rows + 100 * size + stride));
                        board_print("\n");
                    }
                }
            }
        }
    }
    board_print_number(wrong);
    return wrong != 0;
}
