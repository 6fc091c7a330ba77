#include "tfcaps_dot.h"
#include "tfcaps_dot_block.h"
#include "tfcaps_fully_connected_s8_cmsis_nn.h"
#include "tfcaps_multiply.h"
#include "tfcaps_noinline.h"
#include "tfcaps_requantize.h"
#include <string.h>

enum {
    UNITS = 16, /* whose sums become outputs together */
    BLOCK = 4,  /* units added up together */
#if defined(__thumb__) && !defined(__thumb2__)
    LEAST = BLOCK /* units that are quicker in a block than one by one: few registers need whole ones */
#elif defined(__riscv) && !defined(TFCAPS_RVV)
    LEAST = 3
#else
    LEAST = 2
#endif
};

/* Less units than a block, behind at least so many that make it whole: those are added up once more. */
static TFCAPS_NOINLINE void add_last_units(const tfcaps_fully_connected_dims *dims, int32_t zero_point,
                                           int32_t units, const int8_t *input, const int8_t *kernel,
                                           uint32_t *sums) {
    const tfcaps_dot_rows row = {1, dims->depth, 0, 0};
    const int32_t more = BLOCK - units;
    uint32_t block[BLOCK];
    memcpy(block, sums - more, sizeof block);
    tfcaps_dot_4x1(&row, input, zero_point, kernel - more * dims->depth, dims->depth, block);
    for (int32_t n = 0; n < units; ++n) {
        sums[n] = block[more + n];
    }
}

/* The sums of so many units of one row, four at a time. */
static void add_units(const tfcaps_fully_connected_dims *dims, int32_t zero_point, int32_t units,
                      const int8_t *input, const int8_t *kernel, uint32_t *sums) {
    const tfcaps_dot_rows row = {1, dims->depth, 0, 0};
    const int32_t over = units & (BLOCK - 1);
    const int32_t last = over >= LEAST && units > BLOCK ? over : 0;
    for (int32_t unit = 0; unit < units - last;) {
        const int32_t count = units - unit >= BLOCK ? BLOCK : 1;
        if (count == BLOCK) {
            tfcaps_dot_4x1(&row, input, zero_point, kernel, dims->depth, sums + unit);
        } else {
            sums[unit] = tfcaps_dot(sums[unit], kernel, input, zero_point, dims->depth);
        }
        kernel += count * dims->depth;
        unit += count;
    }
    if (last != 0) {
        add_last_units(dims, zero_point, last, input, kernel, sums + units - last);
    }
}

/* The units of one row. */
static void output_row(const tfcaps_output_stage *stage, const tfcaps_fully_connected_dims *dims,
                       int32_t zero_point, const int8_t *input, const int8_t *kernel, const int32_t *bias,
                       int8_t *output) {
    uint32_t sums[UNITS];
    for (int32_t unit = 0; unit < dims->units; unit += UNITS) {
        const int32_t left = dims->units - unit;
        const int32_t count = left < UNITS ? left : UNITS;
        for (int32_t n = 0; n < count; ++n) {
            sums[n] = bias == NULL ? 0 : (uint32_t)bias[unit + n];
        }
        add_units(dims, zero_point, count, input, kernel, sums);
        tfcaps_requantize(stage, unit, count, 1, sums, output + unit, 0);
        kernel += count * dims->depth;
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
#if defined(TFCAPS_USE_CMSIS_NN)
    if (tfcaps_fully_connected_s8_cmsis_nn(context, params, scales, dims, input, kernel, bias, output)) {
        return TFCAPS_OK;
    }
#endif
    const tfcaps_output_stage stage = {scales, params->output_zero_point, params->activation_min,
                                       params->activation_max};
    for (int32_t row = 0; row < dims->rows; ++row) {
        output_row(&stage, dims, params->input_zero_point, input, kernel, bias, output);
        input += dims->depth;
        output += dims->units;
    }
    return TFCAPS_OK;
}
