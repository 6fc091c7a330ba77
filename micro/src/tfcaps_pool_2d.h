/* Pooling: checks of arguments, windows and the inner loops, each variant of which is one file. Private. */
#ifndef TFCAPS_POOL_2D_H
#define TFCAPS_POOL_2D_H

#include "tfcaps_multiply.h"
#include "tfcaps_variant.h"
#include "tfcaps_window.h"

/* The taps of one window or several side by side that lie inside the image, and what outputs are made with.
 */
typedef struct tfcaps_pool_taps {
    int32_t windows;
    int32_t step; /* bytes from one window to the next */
    int32_t rows;
    int32_t columns;
    int32_t row;      /* bytes from one row of taps to the next */
    int32_t channels; /* bytes from one tap of a row to the next */
    int32_t least;    /* activation_min and activation_max */
    int32_t most;
    int32_t pixels;      /* rows * columns; for means alone, as the next */
    uint32_t reciprocal; /* 2^31 / pixels rounded up; 0 where tfcaps_divide_sum has to divide */
} tfcaps_pool_taps;

/* The largest values of all channels of each window, limited; or their means. At least one tap. */
void tfcaps_max_channels(const tfcaps_pool_taps *taps, const int8_t *input, int8_t *output);
void tfcaps_mean_channels(const tfcaps_pool_taps *taps, const int8_t *input, int8_t *output);

/* sum / pixels, halves away from zero, for |sum| <= 128 pixels. */
static inline int32_t tfcaps_divide_sum(int32_t sum, const tfcaps_pool_taps *taps) {
    const uint32_t magnitude = (uint32_t)(sum < 0 ? -sum : sum) + (uint32_t)(taps->pixels / 2);
    const uint32_t quotient = taps->reciprocal != 0
                                  ? (uint32_t)(((uint64_t)magnitude * taps->reciprocal) >> 31)
                                  : magnitude / (uint32_t)taps->pixels;
    return sum < 0 ? -(int32_t)quotient : (int32_t)quotient;
}

static inline tfcaps_window tfcaps_pool_2d_rows(const tfcaps_pool_2d_params *params,
                                                const tfcaps_image_dims *input_dims,
                                                const tfcaps_image_dims *output_dims) {
    const tfcaps_window rows = {
        input_dims->height, output_dims->height, params->filter_height, params->stride_height, 1,
        params->padding_top};
    return rows;
}

static inline tfcaps_window tfcaps_pool_2d_columns(const tfcaps_pool_2d_params *params,
                                                   const tfcaps_image_dims *input_dims,
                                                   const tfcaps_image_dims *output_dims) {
    const tfcaps_window columns = {
        input_dims->width,   output_dims->width, params->filter_width, params->stride_width, 1,
        params->padding_left};
    return columns;
}

/* The windows of an output row that no edge cuts on the left or on the right: so many from the first on. */
typedef struct tfcaps_whole_run {
    int32_t first;
    int32_t count;
} tfcaps_whole_run;

static inline tfcaps_whole_run tfcaps_whole_run_of(const tfcaps_window *columns) {
    tfcaps_whole_run run = {0, 0};
    while (run.first < columns->output && run.first * columns->stride < columns->padding) {
        ++run.first;
    }
    run.count = tfcaps_whole_windows(columns, run.first);
    return run;
}

static inline tfcaps_status tfcaps_check_pool_2d(const tfcaps_pool_2d_params *params,
                                                 const tfcaps_image_dims *input_dims, const int8_t *input,
                                                 const tfcaps_image_dims *output_dims, const int8_t *output) {
    if (params == NULL || input_dims == NULL || input == NULL || output_dims == NULL || output == NULL) {
        return TFCAPS_ERROR_NULL;
    }
    if (!tfcaps_is_extent(params->filter_height) || !tfcaps_is_extent(params->filter_width) ||
        !tfcaps_is_activation(params->activation_min, params->activation_max)) {
        return TFCAPS_ERROR_RANGE;
    }
    if (!tfcaps_is_image(input_dims) || !tfcaps_is_image(output_dims) ||
        input_dims->batches != output_dims->batches || input_dims->channels != output_dims->channels) {
        return TFCAPS_ERROR_DIMS;
    }
    const tfcaps_window rows = tfcaps_pool_2d_rows(params, input_dims, output_dims);
    const tfcaps_window columns = tfcaps_pool_2d_columns(params, input_dims, output_dims);
    const tfcaps_status status = tfcaps_check_window(&rows);
    return status != TFCAPS_OK ? status : tfcaps_check_window(&columns);
}

#endif
