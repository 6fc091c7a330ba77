#include "tfcaps_dot.h"
#include "tfcaps_dot_block.h"
#include "tfcaps_multiply.h"
#include "tfcaps_requantize.h"

/* The units of one row, four at a time. */
static void output_row(const tfcaps_output_stage *stage, const tfcaps_fully_connected_dims *dims,
                       int32_t zero_point, const int8_t *input, const int8_t *kernel, const int32_t *bias,
                       int8_t *output) {
    const tfcaps_dot_rows row = {1, dims->depth, 0, 0};
    int32_t unit = 0;
    while (unit < dims->units) {
        uint32_t sums[4] = {0, 0, 0, 0};
        const int32_t count = TFCAPS_DOT_4X1_PAYS && dims->units - unit >= 4 ? 4 : 1;
        for (int32_t n = 0; n < count && bias != NULL; ++n) {
            sums[n] = (uint32_t)bias[unit + n];
        }
        if (count == 4) {
            tfcaps_dot_4x1(&row, input, zero_point, kernel, dims->depth, sums);
        } else {
            sums[0] = tfcaps_dot(sums[0], kernel, input, zero_point, dims->depth);
        }
        tfcaps_requantize(stage, unit, count, 1, sums, output + unit, 0);
        kernel += count * dims->depth;
        unit += count;
    }
}

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
    const tfcaps_output_stage stage = {scales, params->output_zero_point, params->activation_min,
                                       params->activation_max};
    for (int32_t row = 0; row < dims->rows; ++row) {
        output_row(&stage, dims, params->input_zero_point, input, kernel, bias, output);
        input += dims->depth;
        output += dims->units;
    }
    return TFCAPS_OK;
}
