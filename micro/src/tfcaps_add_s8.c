#include "tfcaps_add.h"
#include "tfcaps_elementwise.h"

#if !defined(TFCAPS_MVE) && !defined(TFCAPS_RVV)

void tfcaps_add_row(const void *params, int32_t size, const int8_t *input1, int32_t step1,
                    const int8_t *input2, int32_t step2, int8_t *output) {
    tfcaps_add_terms(params, size, input1, step1, 1, input2, step2, output);
}

#endif

tfcaps_status tfcaps_add_s8(const tfcaps_add_params *params, const tfcaps_shape *input1_shape,
                            const int8_t *input1, const tfcaps_shape *input2_shape, const int8_t *input2,
                            const tfcaps_shape *output_shape, int8_t *output) {
    const tfcaps_status status = tfcaps_check_add(params);
    if (status != TFCAPS_OK) {
        return status;
    }
    return tfcaps_binary(tfcaps_add_row, params, input1_shape, input1, input2_shape, input2, output_shape,
                         output);
}
