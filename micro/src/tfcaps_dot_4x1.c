#include "tfcaps_dot_block.h"

#if !defined(TFCAPS_DSP) && !defined(TFCAPS_MVE) && !defined(TFCAPS_RVV)

void tfcaps_dot_4x1(const tfcaps_dot_rows *bytes, const int8_t *input, int32_t zero_point,
                    const int8_t *kernel, int32_t kernel_stride, uint32_t sums[4]) {
    uint32_t sum0 = sums[0];
    uint32_t sum1 = sums[1];
    uint32_t sum2 = sums[2];
    uint32_t sum3 = sums[3];
    for (int32_t row = 0; row < bytes->rows; ++row) {
        const int8_t *x = input + row * bytes->input_step;
        const int8_t *w0 = kernel + row * bytes->kernel_step;
        const int8_t *w1 = w0 + kernel_stride;
        const int8_t *w2 = w1 + kernel_stride;
        const int8_t *w3 = w2 + kernel_stride;
#if defined(__thumb__) && !defined(__thumb2__) /* one index for all pointers: loads have no offsets */
        for (int32_t n = 0; n < bytes->size; ++n) {
            __asm__("" : "+r"(n), "+r"(x), "+r"(w0), "+r"(w1), "+r"(w2), "+r"(w3));
            const int32_t value = x[n] - zero_point;
            sum0 += (uint32_t)(w0[n] * value);
            sum1 += (uint32_t)(w1[n] * value);
            sum2 += (uint32_t)(w2[n] * value);
            sum3 += (uint32_t)(w3[n] * value);
        }
#else
#define TAP()                                                                                                \
    do {                                                                                                     \
        const int32_t value = *x - zero_point;                                                               \
        TFCAPS_STEP(x);                                                                                      \
        sum0 += (uint32_t)(*w0 * value);                                                                     \
        TFCAPS_STEP(w0);                                                                                     \
        sum1 += (uint32_t)(*w1 * value);                                                                     \
        TFCAPS_STEP(w1);                                                                                     \
        sum2 += (uint32_t)(*w2 * value);                                                                     \
        TFCAPS_STEP(w2);                                                                                     \
        sum3 += (uint32_t)(*w3 * value);                                                                     \
        TFCAPS_STEP(w3);                                                                                     \
        TFCAPS_TAP_END(sum0, sum1, sum2, sum3);                                                              \
    } while (0)
        const int8_t *end = x + (bytes->size & ~3);
        while (x != end) {
            TAP();
            TAP();
            TAP();
            TAP();
        }
        for (int32_t n = bytes->size & 3; n > 0; --n) {
            TAP();
        }
#endif
    }
    sums[0] = sum0;
    sums[1] = sum1;
    sums[2] = sum2;
    sums[3] = sum3;
}

#endif
