#include "tfcaps_conv_2d_check.h"
#include "tfcaps_dot.h"

/* What stays the same for the whole convolution. */
typedef struct layer {
    const tfcaps_conv_2d_params *params;
    const tfcaps_channel_scales *scales;
    tfcaps_window columns;
    const int8_t *kernel;
    const int32_t *bias;
    int32_t filters;     /* of one group */
    int32_t groups;      /* of filters, and of input channels */
    int32_t depth;       /* input channels of one group */
    int32_t pixel;       /* bytes of an input pixel */
    int32_t row;         /* bytes of an input row */
    int32_t kernel_row;  /* bytes of a row of a filter */
    int32_t kernel_size; /* bytes of a filter */
} layer;

/* One filter at one position. input is at the first tap that counts, in the filter's group. */
static uint32_t filter_sum(const layer *conv, const int8_t *input, const int8_t *kernel, int32_t rows,
                           int32_t columns, uint32_t sum) {
    const int32_t zero_point = conv->params->input_zero_point;
    const int32_t dilation_height = conv->params->dilation_height;
    const int32_t dilation_width = conv->params->dilation_width;
    if (conv->groups == 1 && dilation_width == 1) { /* the taps of a row are one run of bytes */
        for (int32_t y = 0; y < rows; ++y) {
            const int8_t *run = input + y * dilation_height * conv->row;
            sum = tfcaps_dot(sum, kernel + y * conv->kernel_row, run, zero_point, columns * conv->depth);
        }
        return sum;
    }
    for (int32_t y = 0; y < rows; ++y) {
        const int8_t *weights = kernel + y * conv->kernel_row;
        for (int32_t x = 0; x < columns; ++x) {
            const int8_t *tap = input + y * dilation_height * conv->row + x * dilation_width * conv->pixel;
            sum = tfcaps_dot(sum, weights, tap, zero_point, conv->depth);
            weights += conv->depth;
        }
    }
    return sum;
}

/* One row of the output; input is the first row of taps that lies inside the image. */
static int8_t *output_row(const layer *conv, const int8_t *input, tfcaps_taps y, int8_t *output) {
    const tfcaps_conv_2d_params *params = conv->params;
    const int32_t scale_step = conv->scales->count == 1 ? 0 : 1;
    for (int32_t column = 0; column < conv->columns.output; ++column) {
        const tfcaps_taps x = tfcaps_window_taps(&conv->columns, column);
        const int8_t *pixel = input + (x.input + x.first * params->dilation_width) * conv->pixel;
        const int8_t *kernel = conv->kernel + y.first * conv->kernel_row + x.first * conv->depth;
        const int32_t *multiplier = conv->scales->multiplier;
        const int32_t *shift = conv->scales->shift;
        const int32_t *bias = conv->bias;
        for (int32_t group = 0; group < conv->groups; ++group) {
            for (int32_t n = 0; n < conv->filters; ++n) {
                const uint32_t start = bias == NULL ? 0 : (uint32_t)*bias++;
                const uint32_t sum = filter_sum(conv, pixel, kernel, y.end - y.first, x.end - x.first, start);
                *output++ = tfcaps_output((int32_t)sum, *multiplier, *shift, params->output_zero_point,
                                          params->activation_min, params->activation_max);
                kernel += conv->kernel_size;
                multiplier += scale_step;
                shift += scale_step;
            }
            pixel += conv->depth;
        }
    }
    return output;
}

tfcaps_status tfcaps_conv_2d_s8(const tfcaps_context *context, const tfcaps_conv_2d_params *params,
                                const tfcaps_channel_scales *scales, const tfcaps_image_dims *input_dims,
                                const int8_t *input, const tfcaps_image_dims *kernel_dims,
                                const int8_t *kernel, const int32_t *bias,
                                const tfcaps_image_dims *output_dims, int8_t *output) {
    if (context == NULL || input == NULL || kernel == NULL || output == NULL) {
        return TFCAPS_ERROR_NULL;
    }
    size_t need = 0;
    tfcaps_status status =
        tfcaps_conv_2d_s8_get_buffer_size(params, input_dims, kernel_dims, output_dims, &need);
    if (status == TFCAPS_OK) {
        status = tfcaps_check_scales(scales, output_dims->channels);
    }
    if (status != TFCAPS_OK) {
        return status;
    }
    layer conv = {.params = params, .scales = scales, .kernel = kernel, .bias = bias};
    conv.columns = tfcaps_conv_2d_columns(params, input_dims, kernel_dims, output_dims);
    conv.depth = kernel_dims->channels;
    conv.groups = input_dims->channels / kernel_dims->channels;
    conv.filters = output_dims->channels / conv.groups;
    conv.pixel = input_dims->channels;
    conv.row = conv.pixel * input_dims->width;
    conv.kernel_row = conv.depth * kernel_dims->width;
    conv.kernel_size = conv.kernel_row * kernel_dims->height;
    const tfcaps_window rows = tfcaps_conv_2d_rows(params, input_dims, kernel_dims, output_dims);
    for (int32_t batch = 0; batch < input_dims->batches; ++batch) {
        for (int32_t row = 0; row < output_dims->height; ++row) {
            const tfcaps_taps y = tfcaps_window_taps(&rows, row);
            output = output_row(&conv, input + (y.input + y.first * params->dilation_height) * conv.row, y,
                                output);
        }
        input += conv.row * input_dims->height;
    }
    return TFCAPS_OK;
}
