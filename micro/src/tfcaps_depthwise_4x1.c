#include "tfcaps_depthwise.h"

void tfcaps_depthwise_4x1(const tfcaps_depthwise_taps *taps, const int8_t *const input[4], int32_t zero_point,
                          int32_t stride, int32_t columns, const int8_t *kernel, const uint32_t bias[4],
                          uint32_t *sums) {
    const int32_t input_step = taps->input_step;
    const int32_t kernel_step = taps->kernel_step;
    for (int32_t column = 0; column < columns; ++column) {
        uint32_t sum0 = bias[0], sum1 = bias[1], sum2 = bias[2], sum3 = bias[3];
        int32_t offset = column * stride;
        const int8_t *row = kernel;
        for (int32_t y = 0; y < taps->rows; ++y) {
            const int8_t *x0 = input[0] + offset;
            const int8_t *x1 = input[1] + offset;
            const int8_t *x2 = input[2] + offset;
            const int8_t *x3 = input[3] + offset;
            const int8_t *w = row;
            for (int32_t n = taps->columns; n > 0; --n) {
                sum0 += (uint32_t)(w[0] * (*x0 - zero_point));
                sum1 += (uint32_t)(w[1] * (*x1 - zero_point));
                sum2 += (uint32_t)(w[2] * (*x2 - zero_point));
                sum3 += (uint32_t)(w[3] * (*x3 - zero_point));
                x0 += input_step;
                x1 += input_step;
                x2 += input_step;
                x3 += input_step;
                w += kernel_step;
            }
            offset += taps->input_row;
            row += taps->kernel_row;
        }
        sums[0] = sum0, sums[1] = sum1, sums[2] = sum2, sums[3] = sum3;
        sums += 4;
    }
}
