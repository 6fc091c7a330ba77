#include "tfcaps_squash.h"

tfcaps_status tfcaps_squash_s8(const tfcaps_squash_params *params, const tfcaps_capsules_dims *dims,
                               const int8_t *input, int8_t *output) {
    if (params == NULL || dims == NULL || input == NULL || output == NULL) {
        return TFCAPS_ERROR_NULL;
    }
    if (!tfcaps_is_int8(params->input_zero_point) || params->inverse_square_scale < 1 ||
        params->inverse_square_scale > (uint32_t)1 << 31) {
        return TFCAPS_ERROR_RANGE;
    }
    if (dims->capsules < 0 || dims->dimension < 1 || dims->dimension > TFCAPS_MAX_DIMENSION ||
        !tfcaps_fits((uint64_t)dims->capsules * (uint64_t)dims->dimension)) {
        return TFCAPS_ERROR_DIMS;
    }
    tfcaps_squash_capsules(params, dims, input, output);
    return TFCAPS_OK;
}
