#include "tfcaps_dot_block.h"

#if defined(TFCAPS_DSP)
#include "tfcaps_dsp.h"

/* Four taps of one kernel. */
#define KERNEL(sum, pointer)                                                                                 \
    do {                                                                                                     \
        const uint32_t weights = tfcaps_load_4(pointer);                                                     \
        (pointer) += 4;                                                                                      \
        __asm__("" : "+r"(pointer));                                                                         \
        (sum) = tfcaps_smlad(tfcaps_even_bytes(weights), even, sum);                                         \
        (sum) = tfcaps_smlad(tfcaps_odd_bytes(weights), odd, sum);                                           \
    } while (0)

void tfcaps_dot_4x1(const tfcaps_dot_rows *bytes, const int8_t *input, int32_t zero_point,
                    const int8_t *kernel, int32_t kernel_stride, uint32_t sums[4]) {
    const uint32_t zero_points = tfcaps_both_halves(zero_point);
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
        const int8_t *end = x + (bytes->size & ~3);
        while (x != end) {
            const uint32_t values = tfcaps_load_4(x);
            const uint32_t even = tfcaps_subtract_halves(tfcaps_even_bytes(values), zero_points);
            const uint32_t odd = tfcaps_subtract_halves(tfcaps_odd_bytes(values), zero_points);
            x += 4;
            KERNEL(sum0, w0);
            KERNEL(sum1, w1);
            KERNEL(sum2, w2);
            KERNEL(sum3, w3);
        }
        for (int32_t n = bytes->size & 3; n > 0; --n) {
            const int32_t value = *x++ - zero_point;
            sum0 += (uint32_t)(*w0++ * value);
            sum1 += (uint32_t)(*w1++ * value);
            sum2 += (uint32_t)(*w2++ * value);
            sum3 += (uint32_t)(*w3++ * value);
        }
    }
    sums[0] = sum0;
    sums[1] = sum1;
    sums[2] = sum2;
    sums[3] = sum3;
}

#endif
