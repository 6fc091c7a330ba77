#include "tfcaps_dot_block.h"

#if defined(TFCAPS_BLOCK_4X2)

#define TAP()                                                                                                \
    do {                                                                                                     \
        const int32_t value0 = *x0++;                                                                        \
        const int32_t value1 = *x1++;                                                                        \
        const int32_t weight0 = *w0++;                                                                       \
        sum00 += (uint32_t)(weight0 * value0);                                                               \
        sum10 += (uint32_t)(weight0 * value1);                                                               \
        const int32_t weight1 = *w1++;                                                                       \
        sum01 += (uint32_t)(weight1 * value0);                                                               \
        sum11 += (uint32_t)(weight1 * value1);                                                               \
        const int32_t weight2 = *w2++;                                                                       \
        sum02 += (uint32_t)(weight2 * value0);                                                               \
        sum12 += (uint32_t)(weight2 * value1);                                                               \
        const int32_t weight3 = *w3++;                                                                       \
        sum03 += (uint32_t)(weight3 * value0);                                                               \
        sum13 += (uint32_t)(weight3 * value1);                                                               \
        TFCAPS_TAP_END(sum00, sum01, sum02, sum03);                                                          \
        TFCAPS_TAP_END(sum10, sum11, sum12, sum13);                                                          \
    } while (0)

void tfcaps_dot_block(const tfcaps_dot_rows *bytes, const int8_t *input, int32_t input_stride,
                      const int8_t *kernel, int32_t kernel_stride, uint32_t *sums) {
    uint32_t sum00 = sums[0], sum01 = sums[1], sum02 = sums[2], sum03 = sums[3];
    uint32_t sum10 = sums[4], sum11 = sums[5], sum12 = sums[6], sum13 = sums[7];
    for (int32_t row = 0; row < bytes->rows; ++row) {
        const int8_t *x0 = input + row * bytes->input_step;
        const int8_t *x1 = x0 + input_stride;
        const int8_t *w0 = kernel + row * bytes->kernel_step;
        const int8_t *w1 = w0 + kernel_stride;
        const int8_t *w2 = w1 + kernel_stride;
        const int8_t *w3 = w2 + kernel_stride;
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
    sums[0] = sum00, sums[1] = sum01, sums[2] = sum02, sums[3] = sum03;
    sums[4] = sum10, sums[5] = sum11, sums[6] = sum12, sums[7] = sum13;
}

#endif
