#include "tfcaps_add_check.h"
#include "tfcaps_elementwise.h"

#if !defined(TFCAPS_MVE) && !defined(TFCAPS_RVV)

void tfcaps_sub_row(const void *params, int32_t size, const int8_t *input1, int32_t step1,
                    const int8_t *input2, int32_t step2, int8_t *output) {
    const tfcaps_add_params p = *(const tfcaps_add_params *)params;
    for (int32_t n = 0; n < size; ++n) {
        const int32_t term1 =
            tfcaps_add_term(*input1, p.input1_zero_point, p.left_shift, p.input1_multiplier, p.input1_shift);
        const int32_t term2 =
            tfcaps_add_term(*input2, p.input2_zero_point, p.left_shift, p.input2_multiplier, p.input2_shift);
        output[n] = tfcaps_output(term1 - term2, p.output_multiplier, p.output_shift, p.output_zero_point,
                                  p.activation_min, p.activation_max);
        input1 += step1;
        input2 += step2;
    }
}

#endif

tfcaps_status tfcaps_sub_s8(const tfcaps_add_params *params, const tfcaps_shape *input1_shape,
                            const int8_t *input1, const tfcaps_shape *input2_shape, const int8_t *input2,
                            const tfcaps_shape *output_shape, int8_t *output) {
    const tfcaps_status status = tfcaps_check_add(params);
    if (status != TFCAPS_OK) {
        return status;
    }
    return tfcaps_binary(tfcaps_sub_row, params, input1_shape, input1, input2_shape, input2, output_shape,
                         output);
}
