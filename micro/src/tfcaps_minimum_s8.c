#include "tfcaps_binary.h"

static void minimum_row(const void *params, int32_t size, const int8_t *input1, int32_t step1,
                        const int8_t *input2, int32_t step2, int8_t *output) {
    (void)params;
    for (int32_t n = 0; n < size; ++n) {
        output[n] = *input1 < *input2 ? *input1 : *input2;
        input1 += step1;
        input2 += step2;
    }
}

tfcaps_status tfcaps_minimum_s8(const tfcaps_shape *input1_shape, const int8_t *input1,
                                const tfcaps_shape *input2_shape, const int8_t *input2,
                                const tfcaps_shape *output_shape, int8_t *output) {
    return tfcaps_binary(minimum_row, NULL, input1_shape, input1, input2_shape, input2, output_shape, output);
}
