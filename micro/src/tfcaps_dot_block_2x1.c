#include "tfcaps_dot_block.h"

#if defined(TFCAPS_BLOCK_2X1)

/* For eight low registers: three pointers to the ends, one index that counts up to 0, two sums, two bytes. */
#if defined(__GNUC__)
#define KEEP(x) __asm__("" : "+r"(x))
#else
#define KEEP(x) ((void)0)
#endif

#define TAP()                                                                                                \
    do {                                                                                                     \
        const int32_t value = x[n];                                                                          \
        sum0 += (uint32_t)(w0[n] * value);                                                                   \
        sum1 += (uint32_t)(w1[n] * value);                                                                   \
        ++n;                                                                                                 \
        KEEP(n);                                                                                             \
        KEEP(sum0);                                                                                          \
        KEEP(sum1);                                                                                          \
    } while (0)

void tfcaps_dot_block(const tfcaps_dot_rows *bytes, const int8_t *input, int32_t input_stride,
                      const int8_t *kernel, int32_t kernel_stride, uint32_t *sums) {
    (void)input_stride; /* one column */
    uint32_t sum0 = sums[0];
    uint32_t sum1 = sums[1];
    for (int32_t row = 0; row < bytes->rows; ++row) {
        int32_t n = -bytes->size;
        const int8_t *x = input + row * bytes->input_step - n;
        const int8_t *w0 = kernel + row * bytes->kernel_step - n;
        const int8_t *w1 = w0 + kernel_stride;
        KEEP(x);
        KEEP(w0);
        KEEP(w1);
        for (int32_t left = bytes->size & 3; left > 0; --left) {
            TAP();
        }
        while (n != 0) {
            TAP();
            TAP();
            TAP();
            TAP();
        }
    }
    sums[0] = sum0;
    sums[1] = sum1;
}

#endif
