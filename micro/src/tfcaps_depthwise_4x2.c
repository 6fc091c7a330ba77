#include "tfcaps_depthwise.h"

/* What is before this stays before: compilers would load all bytes of a tap first and keep sums elsewhere. */
#if defined(__GNUC__)
#define CHANNEL_END(a, b) __asm__("" : "+r"(a), "+r"(b) : : "memory")
#else
#define CHANNEL_END(a, b) ((void)0)
#endif

#define CHANNEL(n, sum0, sum1)                                                                               \
    do {                                                                                                     \
        const int32_t weight = w[n];                                                                         \
        (sum0) += (uint32_t)(weight * x0[n]);                                                                \
        (sum1) += (uint32_t)(weight * x1[n]);                                                                \
        CHANNEL_END(sum0, sum1);                                                                             \
    } while (0)

void tfcaps_depthwise_4x2(const tfcaps_depthwise_taps *taps, const int8_t *input, int32_t stride,
                          int32_t columns, const int8_t *kernel, const uint32_t bias[4], uint32_t *sums) {
    const int32_t step = taps->kernel_step;
    for (int32_t column = 0; column < columns; column += 2) {
        uint32_t sum00 = bias[0], sum01 = bias[1], sum02 = bias[2], sum03 = bias[3];
        uint32_t sum10 = sum00, sum11 = sum01, sum12 = sum02, sum13 = sum03;
        const int8_t *row = input;
        const int8_t *kernel_row = kernel;
        for (int32_t y = taps->rows; y > 0; --y) {
            const int8_t *x0 = row;
            const int8_t *x1 = row + stride;
            const int8_t *w = kernel_row;
            for (int32_t n = taps->columns; n > 0; --n) {
                CHANNEL(0, sum00, sum10);
                CHANNEL(1, sum01, sum11);
                CHANNEL(2, sum02, sum12);
                CHANNEL(3, sum03, sum13);
                x0 += step;
                x1 += step;
                w += step;
            }
            row += taps->input_row;
            kernel_row += taps->kernel_row;
        }
        sums[0] = sum00, sums[1] = sum01, sums[2] = sum02, sums[3] = sum03;
        sums[4] = sum10, sums[5] = sum11, sums[6] = sum12, sums[7] = sum13;
        sums += 8;
        input += 2 * stride;
    }
}
