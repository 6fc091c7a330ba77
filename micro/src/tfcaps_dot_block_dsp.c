#include "tfcaps_dot_block.h"

#if defined(TFCAPS_BLOCK_DSP)
#include "tfcaps_dsp.h"

/* The next four weights of a kernel with the bytes of both columns. */
#define KERNEL(pointer, sum0, sum1)                                                                          \
    do {                                                                                                     \
        const uint32_t weights = tfcaps_load_4(pointer);                                                     \
        (pointer) += 4;                                                                                      \
        const uint32_t even = tfcaps_even_bytes(weights);                                                    \
        (sum0) = tfcaps_smlad(even, even0, sum0);                                                            \
        (sum1) = tfcaps_smlad(even, even1, sum1);                                                            \
        const uint32_t odd = tfcaps_odd_bytes(weights);                                                      \
        (sum0) = tfcaps_smlad(odd, odd0, sum0);                                                              \
        (sum1) = tfcaps_smlad(odd, odd1, sum1);                                                              \
        __asm__("" : "+r"(pointer), "+r"(sum0), "+r"(sum1) : : "memory");                                    \
    } while (0)

/* Four taps: of 20 instructions eight are products, eight take bytes apart and four load. */
#define FOUR_TAPS()                                                                                          \
    do {                                                                                                     \
        const uint32_t values0 = tfcaps_load_4(x0);                                                          \
        const uint32_t values1 = tfcaps_load_4(x1);                                                          \
        x0 += 4;                                                                                             \
        x1 += 4;                                                                                             \
        const uint32_t even0 = tfcaps_even_bytes(values0), odd0 = tfcaps_odd_bytes(values0);                 \
        const uint32_t even1 = tfcaps_even_bytes(values1), odd1 = tfcaps_odd_bytes(values1);                 \
        __asm__("" : "+r"(x0), "+r"(x1) : : "memory");                                                       \
        KERNEL(w0, sum00, sum10);                                                                            \
        KERNEL(w1, sum01, sum11);                                                                            \
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
        const int8_t *end = w0 + (bytes->size & ~15);
        while (w0 != end) {
            FOUR_TAPS();
            FOUR_TAPS();
            FOUR_TAPS();
            FOUR_TAPS();
        }
        for (int32_t n = bytes->size & 12; n > 0; n -= 4) {
            FOUR_TAPS();
        }
        for (int32_t n = bytes->size & 3; n > 0; --n) {
            const int32_t value0 = *x0++, value1 = *x1++, weight0 = *w0++, weight1 = *w1++;
            sum00 += (uint32_t)(weight0 * value0);
            sum01 += (uint32_t)(weight1 * value0);
            sum10 += (uint32_t)(weight0 * value1);
            sum11 += (uint32_t)(weight1 * value1);
        }
    }
    sums[0] = sum00;
    sums[1] = sum01;
    sums[2] = sum10;
    sums[3] = sum11;
}

#endif
