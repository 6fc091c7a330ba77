#include "tfcaps_conv_2d_check.h"
#include "tfcaps_paired.h"

enum {
    ENOUGH = 64 /* steps that a loop should have: more save little of what it costs to begin one */
};

/* Whole runs, as many as come to ENOUGH steps; of long ones an equal part. */
static int32_t least_steps(const tfcaps_paired_window *window) {
    const int32_t steps = (window->size + 1) / 2;
    if (steps > ENOUGH) {
        const int32_t parts = (steps + ENOUGH - 1) / ENOUGH;
        return (steps + parts - 1) / parts;
    }
    const int32_t runs = ENOUGH / steps;
    return steps * (runs < window->runs ? runs : window->runs);
}

tfcaps_status tfcaps_conv_2d_paired_s8_get_buffer_size(const tfcaps_conv_2d_params *params,
                                                       const tfcaps_image_dims *input_dims,
                                                       const tfcaps_image_dims *kernel_dims,
                                                       const tfcaps_image_dims *output_dims, size_t *size) {
    if (size == NULL) {
        return TFCAPS_ERROR_NULL;
    }
    const tfcaps_status status = tfcaps_check_conv_2d(params, input_dims, kernel_dims, output_dims);
    if (status != TFCAPS_OK) {
        return status;
    }
    if (kernel_dims->batches != output_dims->channels || input_dims->channels != kernel_dims->channels) {
        return TFCAPS_ERROR_DIMS;
    }
    const tfcaps_paired_window window = tfcaps_paired_window_of(params, kernel_dims);
    const int64_t blocks = (kernel_dims->batches + TFCAPS_PAIRED_FILTERS - 1) / TFCAPS_PAIRED_FILTERS;
    if (blocks * (TFCAPS_PAIRED_SUMS + 3 * TFCAPS_PAIRED_FILTERS + 2 * (int64_t)window.steps) >
        INT32_MAX / 4) {
        return TFCAPS_ERROR_DIMS; /* such weights would have more than 2^31 - 1 bytes */
    }
    const int32_t even = (least_steps(&window) + 1) & ~1;
    *size = (size_t)even * TFCAPS_PAIRED_STEP_BYTES;
    return TFCAPS_OK;
}
