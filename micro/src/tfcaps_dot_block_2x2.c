#include "tfcaps_dot_block.h"

#if defined(TFCAPS_BLOCK_2X2)

#define TAP()                                                                                                \
    do {                                                                                                     \
        const int32_t value0 = *x0;                                                                          \
        TFCAPS_STEP(x0);                                                                                     \
        const int32_t value1 = *x1;                                                                          \
        TFCAPS_STEP(x1);                                                                                     \
        const int32_t weight0 = *w0;                                                                         \
        TFCAPS_STEP(w0);                                                                                     \
        const int32_t weight1 = *w1;                                                                         \
        TFCAPS_STEP(w1);                                                                                     \
        sum00 += (uint32_t)(weight0 * value0);                                                               \
        sum01 += (uint32_t)(weight1 * value0);                                                               \
        sum10 += (uint32_t)(weight0 * value1);                                                               \
        sum11 += (uint32_t)(weight1 * value1);                                                               \
        TFCAPS_TAP_END(sum00, sum01, sum10, sum11);                                                          \
    } while (0)

void tfcaps_dot_block(const tfcaps_dot_rows *bytes, const int8_t *input, int32_t input_stride,
                      const int8_t *kernel, int32_t kernel_stride, uint32_t *sums) {
    uint32_t sum00 = sums[0];
    uint32_t sum01 = sums[1];
    uint32_t sum10 = sums[2];
    uint32_t sum11 = sums[3];
    for (int32_t row = 0; row < bytes->rows; ++row) {
        const int8_t *x0 = input + row * bytes->input_step;
        const int8_t *x1 = x0 + input_stride;
        const int8_t *w0 = kernel + row * bytes->kernel_step;
        const int8_t *w1 = w0 + kernel_stride;
        const int8_t *end = x0 + (bytes->size & ~3);
        while (x0 != end) {
            TAP();
            TAP();
            TAP();
            TAP();
        }
        for (int32_t n = bytes->size & 3; n > 0; --n) {
            TAP();
        }
    }
    sums[0] = sum00;
    sums[1] = sum01;
    sums[2] = sum10;
    sums[3] = sum11;
}

#endif
