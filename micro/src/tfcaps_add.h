/* What ADD and SUB share: all but a sign. Private. */
#ifndef TFCAPS_ADD_H
#define TFCAPS_ADD_H

#include "tfcaps_binary.h"
#include "tfcaps_multiply.h"

/* One input value in the common scale; 255 << 22 and the sum of two of them fit. */
static inline int32_t tfcaps_add_term(int32_t value, int32_t zero_point, int32_t left_shift,
                                      int32_t multiplier, int32_t shift) {
    const int32_t x = (value - zero_point) * (1 << left_shift);
    const int32_t scaled = tfcaps_scale_high(x, multiplier);
    return shift == 0 ? scaled : tfcaps_shift_right(scaled, -shift);
}

/* A row in plain C: input1 + sign * input2. */
static inline void tfcaps_add_terms(const void *params, int32_t size, const int8_t *input1, int32_t step1,
                                    int32_t sign, const int8_t *input2, int32_t step2, int8_t *output) {
    const tfcaps_add_params p = *(const tfcaps_add_params *)params;
    for (int32_t n = 0; n < size; ++n) {
        const int32_t term1 =
            tfcaps_add_term(*input1, p.input1_zero_point, p.left_shift, p.input1_multiplier, p.input1_shift);
        const int32_t term2 =
            tfcaps_add_term(*input2, p.input2_zero_point, p.left_shift, p.input2_multiplier, p.input2_shift);
        output[n] = tfcaps_output(term1 + sign * term2, p.output_multiplier, p.output_shift,
                                  p.output_zero_point, p.activation_min, p.activation_max);
        input1 += step1;
        input2 += step2;
    }
}

static inline tfcaps_status tfcaps_check_add(const tfcaps_add_params *params) {
    if (params == NULL) {
        return TFCAPS_ERROR_NULL;
    }
    if (params->left_shift < 0 || params->left_shift > 22 || !tfcaps_is_int8(params->input1_zero_point) ||
        !tfcaps_is_int8(params->input2_zero_point) || !tfcaps_is_int8(params->output_zero_point) ||
        !tfcaps_is_scale(params->input1_multiplier, params->input1_shift) || params->input1_shift > 0 ||
        !tfcaps_is_scale(params->input2_multiplier, params->input2_shift) || params->input2_shift > 0 ||
        !tfcaps_is_scale(params->output_multiplier, params->output_shift) ||
        !tfcaps_is_activation(params->activation_min, params->activation_max)) {
        return TFCAPS_ERROR_RANGE;
    }
    return TFCAPS_OK;
}

#endif
