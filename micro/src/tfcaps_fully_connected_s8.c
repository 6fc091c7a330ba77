#include "tfcaps_dot.h"
#include "tfcaps_multiply.h"

tfcaps_status tfcaps_fully_connected_s8(const tfcaps_context *context,
                                        const tfcaps_fully_connected_params *params,
                                        const tfcaps_channel_scales *scales,
                                        const tfcaps_fully_connected_dims *dims, const int8_t *input,
                                        const int8_t *kernel, const int32_t *bias, int8_t *output) {
    if (context == NULL || params == NULL || input == NULL || kernel == NULL || output == NULL) {
        return TFCAPS_ERROR_NULL;
    }
    size_t need = 0;
    tfcaps_status status = tfcaps_fully_connected_s8_get_buffer_size(dims, &need);
    if (status == TFCAPS_OK) {
        status = tfcaps_check_scales(scales, dims->units);
    }
    if (status != TFCAPS_OK) {
        return status;
    }
    if (!tfcaps_is_int8(params->input_zero_point) || !tfcaps_is_int8(params->output_zero_point) ||
        !tfcaps_is_activation(params->activation_min, params->activation_max)) {
        return TFCAPS_ERROR_RANGE;
    }
    const int32_t scale_step = scales->count == 1 ? 0 : 1;
    for (int32_t row = 0; row < dims->rows; ++row) {
        const int8_t *weights = kernel;
        for (int32_t unit = 0; unit < dims->units; ++unit) {
            const uint32_t start = bias == NULL ? 0 : (uint32_t)bias[unit];
            const uint32_t sum = tfcaps_dot(start, weights, input, params->input_zero_point, dims->depth);
            const int32_t scale = unit * scale_step;
            *output++ =
                tfcaps_output((int32_t)sum, scales->multiplier[scale], scales->shift[scale],
                              params->output_zero_point, params->activation_min, params->activation_max);
            weights += dims->depth;
        }
        input += dims->depth;
    }
    return TFCAPS_OK;
}
