#include "tfcaps/kernels.h"
#include "tfcaps_fixed_point.h"

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
    const int32_t zero_point = params->input_zero_point;
    const int32_t dimension = dims->dimension;
    const int32_t f = tfcaps_length_bits(dimension);
    const int32_t shift = f / 2 + 5;
    const int32_t half = 1 << (shift - 1);

    for (int32_t n = 0; n < dims->capsules; ++n) {
        const uint32_t n2 = tfcaps_square_sum(input, dimension, zero_point);
        const int32_t gain =
            (int32_t)((tfcaps_isqrt(n2 << f) << 16) / (params->inverse_square_scale + (n2 << 4)));
        for (int32_t k = 0; k < dimension; ++k) { /* |d * gain| <= 2^(f/2 + 12), because |d|^2 <= n2 */
            output[k] = tfcaps_sat8(((input[k] - zero_point) * gain + half) >> shift);
        }
        input += dimension;
        output += dimension;
    }
    return TFCAPS_OK;
}
