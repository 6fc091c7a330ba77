#include "tfcaps_interleaved.h"

void tfcaps_interleaved_4x1(const tfcaps_dot_rows *bytes, const int8_t *input, int32_t zero_point,
                            const int8_t *kernel, uint32_t sums[4]) {
    uint32_t sum0 = sums[0], sum1 = sums[1], sum2 = sums[2], sum3 = sums[3];
    for (int32_t row = 0; row < bytes->rows; ++row) {
        const int8_t *x = input + row * bytes->input_step;
        const int8_t *w = kernel + row * bytes->kernel_step;
        for (int32_t n = bytes->size; n > 0; --n) {
            const int32_t value = *x++ - zero_point;
            sum0 += (uint32_t)(w[0] * value);
            sum1 += (uint32_t)(w[1] * value);
            sum2 += (uint32_t)(w[2] * value);
            sum3 += (uint32_t)(w[3] * value);
            w += 4;
        }
    }
    sums[0] = sum0, sums[1] = sum1, sums[2] = sum2, sums[3] = sum3;
}
