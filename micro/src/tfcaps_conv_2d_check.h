/* The argument checks that both convolutions share. Private. */
#ifndef TFCAPS_CONV_2D_CHECK_H
#define TFCAPS_CONV_2D_CHECK_H

#include "tfcaps_multiply.h"
#include "tfcaps_window.h"

/* The windows of a convolution along height and width. */
static inline tfcaps_window tfcaps_conv_2d_rows(const tfcaps_conv_2d_params *params,
                                                const tfcaps_image_dims *input_dims,
                                                const tfcaps_image_dims *kernel_dims,
                                                const tfcaps_image_dims *output_dims) {
    const tfcaps_window rows = {input_dims->height,    output_dims->height,     kernel_dims->height,
                                params->stride_height, params->dilation_height, params->padding_top};
    return rows;
}

static inline tfcaps_window tfcaps_conv_2d_columns(const tfcaps_conv_2d_params *params,
                                                   const tfcaps_image_dims *input_dims,
                                                   const tfcaps_image_dims *kernel_dims,
                                                   const tfcaps_image_dims *output_dims) {
    const tfcaps_window columns = {input_dims->width,    output_dims->width,     kernel_dims->width,
                                   params->stride_width, params->dilation_width, params->padding_left};
    return columns;
}

/* All but the channels. */
static inline tfcaps_status tfcaps_check_conv_2d(const tfcaps_conv_2d_params *params,
                                                 const tfcaps_image_dims *input_dims,
                                                 const tfcaps_image_dims *kernel_dims,
                                                 const tfcaps_image_dims *output_dims) {
    if (params == NULL || input_dims == NULL || kernel_dims == NULL || output_dims == NULL) {
        return TFCAPS_ERROR_NULL;
    }
    if (!tfcaps_is_int8(params->input_zero_point) || !tfcaps_is_int8(params->output_zero_point) ||
        !tfcaps_is_activation(params->activation_min, params->activation_max)) {
        return TFCAPS_ERROR_RANGE;
    }
    if (!tfcaps_is_image(input_dims) || !tfcaps_is_image(kernel_dims) || !tfcaps_is_image(output_dims) ||
        input_dims->batches != output_dims->batches) {
        return TFCAPS_ERROR_DIMS;
    }
    const tfcaps_window rows = tfcaps_conv_2d_rows(params, input_dims, kernel_dims, output_dims);
    const tfcaps_window columns = tfcaps_conv_2d_columns(params, input_dims, kernel_dims, output_dims);
    const tfcaps_status status = tfcaps_check_window(&rows);
    return status != TFCAPS_OK ? status : tfcaps_check_window(&columns);
}

#endif
