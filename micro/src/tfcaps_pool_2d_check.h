/* The argument checks that both pools share. Private. */
#ifndef TFCAPS_POOL_2D_CHECK_H
#define TFCAPS_POOL_2D_CHECK_H

#include "tfcaps_multiply.h"
#include "tfcaps_window.h"

enum {
    TFCAPS_POOL_BLOCK = 4 /* channels pooled at a time */
};

/* The taps of a window that lie inside the image, and the bytes from one to the next. */
typedef struct tfcaps_pool_taps {
    int32_t rows;
    int32_t columns;
    int32_t row;  /* from one row of taps to the next */
    int32_t step; /* from one tap of a row to the next */
} tfcaps_pool_taps;

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
