#include "tfcaps_conv_2d_check.h"
#include "tfcaps_depthwise.h"
#include "tfcaps_depthwise_conv_2d_s8_cmsis_nn.h"
#include "tfcaps_noinline.h"
#include "tfcaps_requantize.h"

enum {
    BLOCK = 4, /* output channels added up at a time */
    TILE = 16  /* columns whose sums are kept, on the stack */
};

/* What stays the same for the whole convolution. */
typedef struct layer {
    const tfcaps_conv_2d_params *params;
    tfcaps_output_stage stage;
    tfcaps_window columns;
    const int8_t *kernel;
    const int32_t *bias;
    int32_t multiplier; /* output channels of one input channel */
    int32_t pixel;      /* bytes of an input pixel */
    int32_t row;        /* bytes of an input row */
    int32_t channels;   /* bytes of an output pixel and of a tap */
    int32_t kernel_row;
} layer;

static tfcaps_depthwise_taps taps_of_window(const layer *conv, int32_t rows, int32_t columns) {
    tfcaps_depthwise_taps taps = {rows, columns, 0, conv->kernel_row, 0, conv->channels};
    if (rows > 1) { /* else the product may not fit */
        taps.input_row = conv->params->dilation_height * conv->row;
    }
    if (columns > 1) {
        taps.input_step = conv->params->dilation_width * conv->pixel;
    }
    return taps;
}

static uint32_t bias_of(const layer *conv, int32_t channel) {
    return conv->bias == NULL ? 0 : (uint32_t)conv->bias[channel];
}

/* The bias of a channel and what the input's zero point adds to it. */
static uint32_t folded_bias(const layer *conv, const tfcaps_depthwise_taps *taps, const int8_t *kernel,
                            int32_t channel) {
    uint32_t sum = 0;
    for (int32_t y = 0; y < taps->rows; ++y) {
        const int8_t *w = kernel + y * taps->kernel_row;
        for (int32_t n = taps->columns; n > 0; --n) {
            const uint32_t weight = (uint32_t)*w;
            sum += weight;
            w += taps->kernel_step;
        }
    }
    return bias_of(conv, channel) - sum * (uint32_t)conv->params->input_zero_point;
}

/* A block of channels at so many columns of one tile, all cut alike. pixel and kernel are at the first tap
 * that counts, kernel also at the first channel. */
static void output_tile(const layer *conv, const int8_t *pixel, const int8_t *kernel,
                        const tfcaps_depthwise_taps *taps, int32_t channel, int32_t columns, int8_t *output) {
    const int32_t step = columns > 1 ? conv->params->stride_width * conv->pixel : 0;
    const int folds = conv->multiplier == 1 && conv->params->dilation_width == 1 && columns % 2 == 0;
    uint32_t sums[BLOCK * TILE];
    uint32_t bias[BLOCK];
    for (int32_t n = 0; n < BLOCK; ++n) {
        bias[n] = folds ? folded_bias(conv, taps, kernel + n, channel + n) : bias_of(conv, channel + n);
    }
    if (folds) {
        tfcaps_depthwise_4x2(taps, pixel + channel, step, columns, kernel, bias, sums);
    } else {
        const int8_t *input[BLOCK];
        int32_t source = conv->multiplier == 1 ? channel : channel / conv->multiplier;
        int32_t left = (source + 1) * conv->multiplier - channel; /* channels of the same source */
        for (int32_t n = 0; n < BLOCK; ++n) {
            input[n] = pixel + source;
            if (--left == 0) {
                ++source;
                left = conv->multiplier;
            }
        }
        tfcaps_depthwise_4x1(taps, input, conv->params->input_zero_point, step, columns, kernel, bias, sums);
    }
    tfcaps_requantize(&conv->stage, channel, BLOCK, columns, sums, output + channel, conv->channels);
}

/* One channel at one position. */
static void output_value(const layer *conv, const int8_t *input, const int8_t *kernel,
                         const tfcaps_depthwise_taps *taps, int32_t channel, int8_t *output) {
    uint32_t sum = bias_of(conv, channel);
    for (int32_t y = 0; y < taps->rows; ++y) {
        const int8_t *x = input + y * taps->input_row;
        const int8_t *w = kernel + y * taps->kernel_row;
        for (int32_t n = taps->columns; n > 0; --n) {
            sum += (uint32_t)(*w * (*x - conv->params->input_zero_point));
            x += taps->input_step;
            w += taps->kernel_step;
        }
    }
    tfcaps_requantize(&conv->stage, channel, 1, 1, &sum, output, 0);
}

/* Columns from this one on that are computed together: one, or an even number whose windows are not cut. */
static int32_t columns_of_tile(const layer *conv, int32_t column) {
    const int32_t columns = tfcaps_whole_windows(&conv->columns, column);
    return columns < 2 ? 1 : columns < TILE ? columns & ~1 : TILE;
}

#if defined(TFCAPS_DEPTHWISE_CHANNELS)
/* All channels at one position, each with an input of its own. */
static void output_pixel(const layer *conv, const int8_t *pixel, const int8_t *kernel,
                         const tfcaps_depthwise_taps *taps, int8_t *output) {
    uint32_t sums[TFCAPS_DEPTHWISE_CHANNELS];
    for (int32_t first = 0; first < conv->channels; first += TFCAPS_DEPTHWISE_CHANNELS) {
        const int32_t left = conv->channels - first;
        const int32_t count = left < TFCAPS_DEPTHWISE_CHANNELS ? left : TFCAPS_DEPTHWISE_CHANNELS;
        for (int32_t n = 0; n < count; ++n) {
            sums[n] = bias_of(conv, first + n);
        }
        tfcaps_depthwise_channels(taps, pixel + first, conv->params->input_zero_point, kernel + first, count,
                                  sums);
        tfcaps_requantize(&conv->stage, first, count, 1, sums, output + first, 0);
    }
}
#if defined(TFCAPS_MVE)
enum {
    VECTOR = 8 /* output channels added up at a time where each has an input of its own */
};

/* All channels at columns of one tile, all cut alike, each with an input of its own. What does not fill the
 * last vector comes with channels that are done already. */
static void output_vectors(const layer *conv, const int8_t *pixel, const int8_t *kernel,
                           const tfcaps_depthwise_taps *taps, int32_t columns, int8_t *output) {
    const int32_t step = conv->params->stride_width * conv->pixel;
    const int32_t last = conv->channels - VECTOR;
    for (int32_t next = 0; next < last + VECTOR; next += VECTOR) {
        const int32_t channel = next < last ? next : last;
        uint32_t sums[VECTOR * TILE];
        uint32_t bias[VECTOR];
        for (int32_t n = 0; n < VECTOR; ++n) {
            bias[n] = bias_of(conv, channel + n);
        }
        tfcaps_depthwise_8x2(taps, pixel + channel, conv->params->input_zero_point, step, columns,
                             kernel + channel, bias, sums);
        tfcaps_requantize(&conv->stage, channel, VECTOR, columns, sums, output + channel, conv->channels);
    }
}
#endif

/* All channels at columns from this one on, each with an input of its own; at how many. */
static int32_t output_channels(const layer *conv, int32_t column, const int8_t *pixel, const int8_t *kernel,
                               const tfcaps_depthwise_taps *taps, int8_t *output) {
#if defined(TFCAPS_MVE)
    const int32_t columns = conv->channels < VECTOR ? 1 : columns_of_tile(conv, column);
    if (columns > 1) {
        output_vectors(conv, pixel, kernel, taps, columns, output);
        return columns;
    }
#else
    (void)column;
#endif
    output_pixel(conv, pixel, kernel, taps, output);
    return 1;
}
#endif

/* One row of the output; input is the first row of taps that lies inside the image. What does not fill the
 * last block of channels comes with channels that are done already. */
static int8_t *output_row(const layer *conv, const int8_t *input, tfcaps_taps y, int8_t *output) {
    const int32_t last = conv->channels - BLOCK;
    for (int32_t column = 0; column < conv->columns.output;) {
        const tfcaps_taps x = tfcaps_window_taps(&conv->columns, column);
        const tfcaps_depthwise_taps taps = taps_of_window(conv, y.end - y.first, x.end - x.first);
        const int8_t *pixel = input + (x.input + x.first * conv->params->dilation_width) * conv->pixel;
        const int8_t *kernel = conv->kernel + y.first * conv->kernel_row + x.first * conv->channels;
#if defined(TFCAPS_DEPTHWISE_CHANNELS)
        if (conv->multiplier == 1) {
            const int32_t done = output_channels(conv, column, pixel, kernel, &taps, output);
            column += done;
            output += done * conv->channels;
            continue;
        }
#endif
        const int32_t columns = last < 0 ? 1 : columns_of_tile(conv, column);
        for (int32_t next = 0; next < last + BLOCK && last >= 0; next += BLOCK) {
            const int32_t channel = next < last ? next : last;
            output_tile(conv, pixel, kernel + channel, &taps, channel, columns, output);
        }
        for (int32_t n = 0; n < conv->channels && last < 0; ++n) {
            output_value(conv, pixel + n / conv->multiplier, kernel + n, &taps, n, output + n);
        }
        column += columns;
        output += columns * conv->channels;
    }
    return output;
}

/* All outputs, of arguments that have been checked. */
static TFCAPS_NOINLINE void convolve(const tfcaps_conv_2d_params *params, const tfcaps_channel_scales *scales,
                                     const tfcaps_image_dims *input_dims, const int8_t *input,
                                     const tfcaps_image_dims *kernel_dims, const int8_t *kernel,
                                     const int32_t *bias, const tfcaps_image_dims *output_dims,
                                     int8_t *output) {
    layer conv = {.params = params, .kernel = kernel, .bias = bias};
    const tfcaps_output_stage stage = {scales, params->output_zero_point, params->activation_min,
                                       params->activation_max};
    conv.stage = stage;
    conv.columns = tfcaps_conv_2d_columns(params, input_dims, kernel_dims, output_dims);
    conv.channels = output_dims->channels;
    conv.pixel = input_dims->channels;
    conv.multiplier = conv.channels / conv.pixel;
    conv.row = conv.pixel * input_dims->width;
    conv.kernel_row = conv.channels * kernel_dims->width;
    const tfcaps_window rows = tfcaps_conv_2d_rows(params, input_dims, kernel_dims, output_dims);
    for (int32_t batch = 0; batch < input_dims->batches; ++batch) {
        for (int32_t row = 0; row < output_dims->height; ++row) {
            const tfcaps_taps y = tfcaps_window_taps(&rows, row);
            output = output_row(&conv, input + (y.input + y.first * params->dilation_height) * conv.row, y,
                                output);
        }
        input += conv.row * input_dims->height;
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
#if defined(TFCAPS_USE_CMSIS_NN)
    if (tfcaps_depthwise_conv_2d_s8_cmsis_nn(context, params, scales, input_dims, input, kernel_dims, kernel,
                                             bias, output_dims, output)) {
        return TFCAPS_OK;
    }
#endif
#if defined(TFCAPS_DSP)
    if (tfcaps_depthwise_by_planes(params, scales, input_dims, input, kernel_dims, kernel, bias, output_dims,
                                   output)) {
        return TFCAPS_OK;
    }
#endif
    convolve(params, scales, input_dims, input, kernel_dims, kernel, bias, output_dims, output);
    return TFCAPS_OK;
}
