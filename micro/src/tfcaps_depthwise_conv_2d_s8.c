#include "tfcaps_conv_2d_check.h"

enum {
    BLOCK = 16 /* output channels added up at a time */
};

/* What stays the same for the whole convolution. */
typedef struct layer {
    const tfcaps_conv_2d_params *params;
    const tfcaps_channel_scales *scales;
    const int8_t *kernel;
    const int32_t *bias;
    int32_t kernel_width;
    int32_t multiplier;     /* output channels of one input channel */
    int32_t input_channels; /* bytes of an input pixel */
    int32_t channels;       /* bytes of an output pixel and of a tap */
    int32_t row;            /* bytes of an input row */
} layer;

/* One tap of size output channels; the first is this multiple of *input. */
static void add_tap(const layer *conv, uint32_t *sums, int32_t size, const int8_t *input,
                    const int8_t *kernel, int32_t multiple) {
    const int32_t zero_point = conv->params->input_zero_point;
    if (conv->multiplier == 1) {
        for (int32_t n = 0; n < size; ++n) {
            sums[n] += (uint32_t)(kernel[n] * (input[n] - zero_point));
        }
        return;
    }
    for (int32_t n = 0; n < size; ++n) {
        if (multiple == conv->multiplier) {
            multiple = 0;
            ++input;
        }
        ++multiple;
        sums[n] += (uint32_t)(kernel[n] * (*input - zero_point));
    }
}

/* size output channels from start on, at one position. */
static void output_block(const layer *conv, const int8_t *input, tfcaps_taps y, tfcaps_taps x, int32_t start,
                         int32_t size, int8_t *output) {
    const tfcaps_conv_2d_params *params = conv->params;
    const int32_t channel = conv->multiplier == 1 ? start : start / conv->multiplier;
    const int32_t multiple = start - channel * conv->multiplier;
    uint32_t sums[BLOCK];
    for (int32_t n = 0; n < size; ++n) {
        sums[n] = conv->bias == NULL ? 0 : (uint32_t)conv->bias[start + n];
    }
    for (int32_t ky = y.first; ky < y.end; ++ky) {
        const int8_t *row = input + (y.input + ky * params->dilation_height) * conv->row + channel;
        const int8_t *kernel = conv->kernel + ky * conv->kernel_width * conv->channels + start;
        for (int32_t kx = x.first; kx < x.end; ++kx) {
            const int8_t *pixel = row + (x.input + kx * params->dilation_width) * conv->input_channels;
            add_tap(conv, sums, size, pixel, kernel + kx * conv->channels, multiple);
        }
    }
    const int32_t scale_step = conv->scales->count == 1 ? 0 : 1;
    const int32_t *multiplier = conv->scales->multiplier + start * scale_step;
    const int32_t *shift = conv->scales->shift + start * scale_step;
    for (int32_t n = 0; n < size; ++n) {
        output[n] = tfcaps_output((int32_t)sums[n], *multiplier, *shift, params->output_zero_point,
                                  params->activation_min, params->activation_max);
        multiplier += scale_step;
        shift += scale_step;
    }
}

tfcaps_status tfcaps_depthwise_conv_2d_s8(const tfcaps_context *context, const tfcaps_conv_2d_params *params,
                                          const tfcaps_channel_scales *scales,
                                          const tfcaps_image_dims *input_dims, const int8_t *input,
                                          const tfcaps_image_dims *kernel_dims, const int8_t *kernel,
                                          const int32_t *bias, const tfcaps_image_dims *output_dims,
                                          int8_t *output) {
    if (context == NULL || input == NULL || kernel == NULL || output == NULL) {
        return TFCAPS_ERROR_NULL;
    }
    size_t need = 0;
    tfcaps_status status =
        tfcaps_depthwise_conv_2d_s8_get_buffer_size(params, input_dims, kernel_dims, output_dims, &need);
    if (status == TFCAPS_OK) {
        status = tfcaps_check_scales(scales, output_dims->channels);
    }
    if (status != TFCAPS_OK) {
        return status;
    }
    layer conv = {.params = params, .scales = scales, .kernel = kernel, .bias = bias};
    conv.kernel_width = kernel_dims->width;
    conv.channels = output_dims->channels;
    conv.input_channels = input_dims->channels;
    conv.multiplier = conv.channels / conv.input_channels;
    conv.row = conv.input_channels * input_dims->width;
    const tfcaps_window rows = tfcaps_conv_2d_rows(params, input_dims, kernel_dims, output_dims);
    const tfcaps_window columns = tfcaps_conv_2d_columns(params, input_dims, kernel_dims, output_dims);
    for (int32_t batch = 0; batch < input_dims->batches; ++batch) {
        for (int32_t row = 0; row < output_dims->height; ++row) {
            const tfcaps_taps y = tfcaps_window_taps(&rows, row);
            for (int32_t column = 0; column < output_dims->width; ++column) {
                const tfcaps_taps x = tfcaps_window_taps(&columns, column);
                for (int32_t start = 0; start < conv.channels; start += BLOCK) {
                    const int32_t left = conv.channels - start;
                    output_block(&conv, input, y, x, start, left < BLOCK ? left : BLOCK, output + start);
                }
                output += conv.channels;
            }
        }
        input += conv.row * input_dims->height;
    }
    return TFCAPS_OK;
}
