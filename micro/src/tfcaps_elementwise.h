/* The inner loops of the operators on two tensors, one variant a file: a tfcaps_binary_row each, whose params
 * are tfcaps_add_params or tfcaps_mul_params and have been checked. Private. */
#ifndef TFCAPS_ELEMENTWISE_H
#define TFCAPS_ELEMENTWISE_H

#include "tfcaps_binary.h"
#include "tfcaps_variant.h"

void tfcaps_add_row(const void *params, int32_t size, const int8_t *input1, int32_t step1,
                    const int8_t *input2, int32_t step2, int8_t *output);
void tfcaps_sub_row(const void *params, int32_t size, const int8_t *input1, int32_t step1,
                    const int8_t *input2, int32_t step2, int8_t *output);
void tfcaps_mul_row(const void *params, int32_t size, const int8_t *input1, int32_t step1,
                    const int8_t *input2, int32_t step2, int8_t *output);

#endif
