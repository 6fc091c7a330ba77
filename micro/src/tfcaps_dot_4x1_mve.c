#include "tfcaps_dot_block.h"

#if defined(TFCAPS_MVE)

#include <arm_mve.h>

/* Products of four kernels, and their weights' sums where there is a zero point. */
typedef struct four_sums {
    int32_t products[4];
    int32_t weights[4];
} four_sums;

static inline void add_row(const int8_t *x, const int8_t *w0, int32_t kernel_stride, int32_t size, int weigh,
                           four_sums *sums) {
    const int8_t *w1 = w0 + kernel_stride;
    const int8_t *w2 = w1 + kernel_stride;
    const int8_t *w3 = w2 + kernel_stride;
    int32_t p0 = sums->products[0], p1 = sums->products[1], p2 = sums->products[2], p3 = sums->products[3];
    int32_t s0 = sums->weights[0], s1 = sums->weights[1], s2 = sums->weights[2], s3 = sums->weights[3];
#define ADD(values, v0, v1, v2, v3)                                                                          \
    do {                                                                                                     \
        const int8x16_t weights0 = (v0), weights1 = (v1), weights2 = (v2), weights3 = (v3);                  \
        p0 = vmladavaq_s8(p0, values, weights0);                                                             \
        p1 = vmladavaq_s8(p1, values, weights1);                                                             \
        p2 = vmladavaq_s8(p2, values, weights2);                                                             \
        p3 = vmladavaq_s8(p3, values, weights3);                                                             \
        if (weigh) {                                                                                         \
            s0 = vaddvaq_s8(s0, weights0);                                                                   \
            s1 = vaddvaq_s8(s1, weights1);                                                                   \
            s2 = vaddvaq_s8(s2, weights2);                                                                   \
            s3 = vaddvaq_s8(s3, weights3);                                                                   \
        }                                                                                                    \
    } while (0)
    int32_t n = 0;
    for (; n + 16 <= size; n += 16) {
        const int8x16_t values = vld1q_s8(x + n);
        ADD(values, vld1q_s8(w0 + n), vld1q_s8(w1 + n), vld1q_s8(w2 + n), vld1q_s8(w3 + n));
    }
    if (n < size) {
        const mve_pred16_t lanes = vctp8q((uint32_t)(size - n));
        const int8x16_t values = vldrbq_z_s8(x + n, lanes);
        ADD(values, vldrbq_z_s8(w0 + n, lanes), vldrbq_z_s8(w1 + n, lanes), vldrbq_z_s8(w2 + n, lanes),
            vldrbq_z_s8(w3 + n, lanes));
    }
#undef ADD
    sums->products[0] = p0, sums->products[1] = p1, sums->products[2] = p2, sums->products[3] = p3;
    sums->weights[0] = s0, sums->weights[1] = s1, sums->weights[2] = s2, sums->weights[3] = s3;
}

void tfcaps_dot_4x1(const tfcaps_dot_rows *bytes, const int8_t *input, int32_t zero_point,
                    const int8_t *kernel, int32_t kernel_stride, uint32_t sums[4]) {
    four_sums found = {{0, 0, 0, 0}, {0, 0, 0, 0}};
    for (int32_t row = 0; row < bytes->rows; ++row) {
        if (zero_point == 0) {
            add_row(input, kernel, kernel_stride, bytes->size, 0, &found);
        } else {
            add_row(input, kernel, kernel_stride, bytes->size, 1, &found);
        }
        input += bytes->input_step;
        kernel += bytes->kernel_step;
    }
    for (int32_t n = 0; n < 4; ++n) {
        sums[n] += (uint32_t)found.products[n] - (uint32_t)zero_point * (uint32_t)found.weights[n];
    }
}

#endif
