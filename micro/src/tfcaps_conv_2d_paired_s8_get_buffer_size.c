#include "tfcaps_cold.h"
#include "tfcaps_conv_2d_check.h"
#include "tfcaps_conv_2d_paired.h"

/* Of rows that are as long, parts are as quick within a few per cent, and take less memory. */
enum {
    LONG_ROW = 96 /* steps */
};

/* Whole rows, as many as come to TFCAPS_PAIRED_ENOUGH steps; of long ones an equal part. */
static int32_t least_steps(const tfcaps_paired_window *window, int32_t all) {
    const int32_t unit = tfcaps_paired_steps(window, window->together);
    if (all <= TFCAPS_PAIRED_ENOUGH) {
        return all;
    }
    if (unit > LONG_ROW) {
        const int32_t parts = (unit + LONG_ROW - 1) / LONG_ROW;
        return (unit + parts - 1) / parts;
    }
    return TFCAPS_PAIRED_ENOUGH / unit * unit;
}

/* Whether all windows lie in the image with all their taps, once they are known to begin in it. */
static int is_inside(const tfcaps_window *window) {
    return window->padding == 0 &&
           (window->output - 1) * window->stride + (window->taps - 1) * window->dilation < window->input;
}

TFCAPS_COLD tfcaps_status tfcaps_conv_2d_paired_plan_of(const tfcaps_conv_2d_params *params,
                                                        const tfcaps_image_dims *input_dims,
                                                        const tfcaps_image_dims *kernel_dims,
                                                        const tfcaps_image_dims *output_dims,
                                                        tfcaps_conv_2d_paired_plan *plan) {
    const tfcaps_status status = tfcaps_check_conv_2d(params, input_dims, kernel_dims, output_dims);
    if (status != TFCAPS_OK) {
        return status;
    }
    if (kernel_dims->batches != output_dims->channels || input_dims->channels != kernel_dims->channels) {
        return TFCAPS_ERROR_DIMS;
    }
    plan->window = tfcaps_paired_window_of(kernel_dims);
    plan->steps = tfcaps_paired_steps(&plan->window, plan->window.rows);
    const int64_t block_words =
        TFCAPS_PAIRED_SUMS + TFCAPS_PAIRED_STAGES + TFCAPS_PAIRED_FILTERS * (int64_t)plan->steps;
    if ((kernel_dims->batches + 1) / TFCAPS_PAIRED_FILTERS * block_words > INT32_MAX / 4) {
        return TFCAPS_ERROR_DIMS; /* such weights would have more than 2^31 - 1 bytes */
    }
    const tfcaps_window rows = tfcaps_conv_2d_rows(params, input_dims, kernel_dims, output_dims);
    const tfcaps_window columns = tfcaps_conv_2d_columns(params, input_dims, kernel_dims, output_dims);
    plan->is_inside = columns.dilation == 1 && is_inside(&rows) && is_inside(&columns);
    const int32_t even = (least_steps(&plan->window, plan->steps) + 1) & ~1;
    plan->need = (size_t)even * tfcaps_conv_2d_paired_step_bytes(plan);
    return TFCAPS_OK;
}

tfcaps_status tfcaps_conv_2d_paired_s8_get_buffer_size(const tfcaps_conv_2d_params *params,
                                                       const tfcaps_image_dims *input_dims,
                                                       const tfcaps_image_dims *kernel_dims,
                                                       const tfcaps_image_dims *output_dims, size_t *size) {
    tfcaps_conv_2d_paired_plan plan;
    const tfcaps_status status =
        size == NULL ? TFCAPS_ERROR_NULL
                     : tfcaps_conv_2d_paired_plan_of(params, input_dims, kernel_dims, output_dims, &plan);
    if (status == TFCAPS_OK) {
        *size = plan.need;
    }
    return status;
}
