#include "tfcaps_length.h"

tfcaps_status tfcaps_length_s8(const tfcaps_length_params *params, const tfcaps_capsules_dims *dims,
                               const int8_t *input, int8_t *output) {
    if (params == NULL || dims == NULL || input == NULL || output == NULL) {
        return TFCAPS_ERROR_NULL;
    }
    if (!tfcaps_is_int8(params->input_zero_point) || !tfcaps_is_int8(params->output_zero_point) ||
        params->multiplier < 0 || params->shift < 1 || params->shift > 62) {
        return TFCAPS_ERROR_RANGE;
    }
    if (dims->capsules < 0 || dims->dimension < 1 || dims->dimension > TFCAPS_MAX_DIMENSION ||
        !tfcaps_fits((uint64_t)dims->capsules * (uint64_t)dims->dimension)) {
        return TFCAPS_ERROR_DIMS;
    }
    tfcaps_length_capsules(params, dims, input, output);
    return TFCAPS_OK;
}
