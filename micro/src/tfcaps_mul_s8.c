#include "tfcaps_elementwise.h"
#include "tfcaps_multiply.h"

#if !defined(TFCAPS_MVE) && !defined(TFCAPS_RVV)

void tfcaps_mul_row(const void *params, int32_t size, const int8_t *input1, int32_t step1,
                    const int8_t *input2, int32_t step2, int8_t *output) {
    const tfcaps_mul_params p = *(const tfcaps_mul_params *)params;
    for (int32_t n = 0; n < size; ++n) {
        const int32_t product = (*input1 - p.input1_zero_point) * (*input2 - p.input2_zero_point);
        output[n] = tfcaps_output(product, p.output_multiplier, p.output_shift, p.output_zero_point,
                                  p.activation_min, p.activation_max);
        input1 += step1;
        input2 += step2;
    }
}

#endif

tfcaps_status tfcaps_mul_s8(const tfcaps_mul_params *params, const tfcaps_shape *input1_shape,
                            const int8_t *input1, const tfcaps_shape *input2_shape, const int8_t *input2,
                            const tfcaps_shape *output_shape, int8_t *output) {
    if (params == NULL) {
        return TFCAPS_ERROR_NULL;
    }
    if (!tfcaps_is_int8(params->input1_zero_point) || !tfcaps_is_int8(params->input2_zero_point) ||
        !tfcaps_is_int8(params->output_zero_point) ||
        !tfcaps_is_scale(params->output_multiplier, params->output_shift) ||
        !tfcaps_is_activation(params->activation_min, params->activation_max)) {
        return TFCAPS_ERROR_RANGE;
    }
    return tfcaps_binary(tfcaps_mul_row, params, input1_shape, input1, input2_shape, input2, output_shape,
                         output);
}
