#include "tfcaps_conv_2d_check.h"
#include "tfcaps_convolve.h"
#include "tfcaps_dot.h"
#include "tfcaps_dot_block.h"
#include "tfcaps_sum_bytes.h"
#include "tfcaps_noinline.h"
#include "tfcaps_requantize.h"
#include "tfcaps_tap_runs.h"

#if !defined(TFCAPS_MVE) && !defined(TFCAPS_RVV)

enum {
    FOLDED = 64, /* filters whose folded bias is kept, on the stack */
    TILE = 16    /* columns whose sums are kept there, a few filters at a time */
};

/* What stays the same for the whole convolution. */
typedef struct layer {
    const tfcaps_conv_2d_params *params;
    tfcaps_output_stage stage;
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
    uint32_t *folded;    /* [FOLDED] of the windows that no edge cuts */
    int32_t folded_count;
} layer;

static tfcaps_tap_runs taps_of_window(const layer *conv, int32_t rows, int32_t columns) {
    const tfcaps_tap_bytes bytes = {conv->depth, conv->pixel, conv->row, conv->depth, conv->kernel_row};
    return tfcaps_tap_runs_of(conv->params, &bytes, rows, columns);
}

/* One filter at one position. input is at the first tap that counts, in the filter's group. */
static uint32_t filter_sum(const layer *conv, const int8_t *input, const int8_t *kernel,
                           const tfcaps_tap_runs *window, uint32_t sum) {
    const tfcaps_dot_rows *runs = &window->runs;
    for (int32_t y = 0; y < window->rows; ++y) {
        const int8_t *row = input + y * window->row_step;
        const int8_t *weights = kernel + y * conv->kernel_row;
        for (int32_t n = 0; n < runs->rows; ++n) {
            sum = tfcaps_dot(sum, weights + n * runs->kernel_step, row + n * runs->input_step,
                             conv->params->input_zero_point, runs->size);
        }
    }
    return sum;
}

/* The same for four filters. */
static void filter_sums_4(const layer *conv, const int8_t *input, const int8_t *kernel,
                          const tfcaps_tap_runs *window, uint32_t sums[4]) {
    for (int32_t y = 0; y < window->rows; ++y) {
        tfcaps_dot_4x1(&window->runs, input + y * window->row_step, conv->params->input_zero_point,
                       kernel + y * conv->kernel_row, conv->kernel_size, sums);
    }
}

static uint32_t bias_of(const layer *conv, int32_t filter) {
    return conv->bias == NULL ? 0 : (uint32_t)conv->bias[filter];
}

/* All filters at one position. pixel and kernel are at the first tap that counts. */
static void output_pixel(const layer *conv, const int8_t *pixel, const int8_t *kernel,
                         const tfcaps_tap_runs *window, int8_t *output) {
    int32_t filter = 0;
    for (int32_t group = 0; group < conv->groups; ++group) {
        const int32_t end = filter + conv->filters;
        for (; filter + 4 <= end; filter += 4) {
            uint32_t sums[4] = {bias_of(conv, filter), bias_of(conv, filter + 1), bias_of(conv, filter + 2),
                                bias_of(conv, filter + 3)};
            filter_sums_4(conv, pixel, kernel, window, sums);
            tfcaps_requantize(&conv->stage, filter, 4, 1, sums, output + filter, 0);
            kernel += 4 * conv->kernel_size;
        }
        for (; filter < end; ++filter) {
            const uint32_t sum = filter_sum(conv, pixel, kernel, window, bias_of(conv, filter));
            tfcaps_requantize(&conv->stage, filter, 1, 1, &sum, output + filter, 0);
            kernel += conv->kernel_size;
        }
        pixel += conv->depth;
    }
}

/* The bias of a filter and what the input's zero point adds to it, where a window is not cut on the left or
 * the right: the kernel's rows are then one run of weights. */
static TFCAPS_NOINLINE uint32_t folded_bias(const layer *conv, int32_t filter, const int8_t *kernel,
                                            int32_t size) {
    return bias_of(conv, filter) - tfcaps_sum_bytes(kernel, size) * (uint32_t)conv->params->input_zero_point;
}

/* The same, remembered. */
static uint32_t whole_bias(layer *conv, int32_t filter, const int8_t *kernel, int32_t size) {
    if (size < conv->kernel_size || filter > conv->folded_count || filter >= FOLDED) {
        return folded_bias(conv, filter, kernel, size);
    }
    if (filter == conv->folded_count) {
        conv->folded[filter] = folded_bias(conv, filter, kernel, size);
        ++conv->folded_count;
    }
    return conv->folded[filter];
}

/* A block of filters at columns of one tile, a multiple of TFCAPS_BLOCK_COLUMNS, whose windows are not cut.
 */
static void output_tile(const layer *conv, const int8_t *input, int32_t step, const int8_t *kernel,
                        const tfcaps_tap_runs *window, int32_t filter, const uint32_t *bias, int32_t columns,
                        int8_t *output) {
    uint32_t sums[TFCAPS_BLOCK_FILTERS * TILE];
    for (int32_t column = 0; column < columns; column += TFCAPS_BLOCK_COLUMNS) {
        uint32_t *block = sums + TFCAPS_BLOCK_FILTERS * column;
        for (int32_t n = 0; n < TFCAPS_BLOCK_FILTERS * TFCAPS_BLOCK_COLUMNS; ++n) {
            block[n] = bias[n % TFCAPS_BLOCK_FILTERS];
        }
        for (int32_t y = 0; y < window->rows; ++y) {
            tfcaps_dot_block(&window->runs, input + y * window->row_step, step, kernel + y * conv->kernel_row,
                             conv->kernel_size, block);
        }
        input += TFCAPS_BLOCK_COLUMNS * step;
    }
    const int32_t channels = conv->filters * conv->groups;
    tfcaps_requantize(&conv->stage, filter, TFCAPS_BLOCK_FILTERS, columns, sums, output + filter, channels);
}

/* A block of filters at so many columns whose windows are not cut, at least TFCAPS_BLOCK_COLUMNS. What does
 * not fill the last block comes with columns that are done already. */
static void output_block(layer *conv, const int8_t *input, const int8_t *kernel,
                         const tfcaps_tap_runs *window, int32_t size, int32_t filter, int32_t columns,
                         int8_t *output) {
    const int32_t step = columns > 1 ? conv->params->stride_width * conv->pixel : 0;
    uint32_t bias[TFCAPS_BLOCK_FILTERS];
    for (int32_t n = 0; n < TFCAPS_BLOCK_FILTERS; ++n) {
        bias[n] = whole_bias(conv, filter + n, kernel + n * conv->kernel_size, size);
    }
    for (int32_t column = 0; column < columns;) {
        int32_t count = columns - column;
        if (count < TFCAPS_BLOCK_COLUMNS) {
            column = columns - TFCAPS_BLOCK_COLUMNS;
            count = TFCAPS_BLOCK_COLUMNS;
        }
        count = count < TILE ? count - count % TFCAPS_BLOCK_COLUMNS : TILE;
        output_tile(conv, input + column * step, step, kernel, window, filter, bias, count,
                    output + column * conv->filters * conv->groups);
        column += count;
    }
}

/* All filters at such columns; the last block of a group likewise comes with filters that are done already.
 */
static void output_blocks(layer *conv, const int8_t *input, const int8_t *kernel,
                          const tfcaps_tap_runs *window, int32_t size, int32_t columns, int8_t *output) {
    for (int32_t group = 0; group < conv->groups; ++group) {
        const int32_t first = group * conv->filters;
        const int32_t last = first + conv->filters - TFCAPS_BLOCK_FILTERS;
        for (int32_t next = first; next < last + TFCAPS_BLOCK_FILTERS; next += TFCAPS_BLOCK_FILTERS) {
            const int32_t filter = next < last ? next : last;
            output_block(conv, input, kernel + filter * conv->kernel_size, window, size, filter, columns,
                         output);
        }
        input += conv->depth;
    }
}

/* How many windows from column on are not cut and come in blocks; those that would fill at most half of the
 * last block are quicker one at a time. */
static int32_t whole_windows(const layer *conv, int32_t column) {
    if (conv->filters < TFCAPS_BLOCK_FILTERS) {
        return 0;
    }
    const int32_t count = tfcaps_whole_windows(&conv->columns, column);
    const int32_t left = count % TFCAPS_BLOCK_COLUMNS;
    return 2 * left <= TFCAPS_BLOCK_COLUMNS || count < TFCAPS_BLOCK_COLUMNS ? count - left : count;
}

/* One row of the output; input is the first row of taps that lies inside the image. */
static int8_t *output_row(layer *conv, const int8_t *input, tfcaps_taps y, int8_t *output) {
    const int8_t *kernel = conv->kernel + y.first * conv->kernel_row;
    const int32_t rows = y.end - y.first;
    const int32_t channels = conv->filters * conv->groups;
    int32_t column = 0;
    while (column < conv->columns.output) {
        const tfcaps_taps x = tfcaps_window_taps(&conv->columns, column);
        const tfcaps_tap_runs window = taps_of_window(conv, rows, x.end - x.first);
        const int8_t *pixel = input + (x.input + x.first * conv->params->dilation_width) * conv->pixel;
        const int32_t whole = whole_windows(conv, column);
        if (whole > 0) {
            output_blocks(conv, pixel, kernel, &window, rows * conv->kernel_row, whole, output);
            column += whole;
            output += whole * channels;
        } else {
            output_pixel(conv, pixel, kernel + x.first * conv->depth, &window, output);
            ++column;
            output += channels;
        }
    }
    return output;
}

void tfcaps_convolve(const tfcaps_conv_2d_params *params, const tfcaps_channel_scales *scales,
                     const tfcaps_image_dims *input_dims, const int8_t *input,
                     const tfcaps_image_dims *kernel_dims, const int8_t *kernel, const int32_t *bias,
                     const tfcaps_image_dims *output_dims, int8_t *output) {
    uint32_t folded[FOLDED];
    layer conv = {.params = params, .kernel = kernel, .bias = bias, .folded = folded};
    const tfcaps_output_stage stage = {scales, params->output_zero_point, params->activation_min,
                                       params->activation_max};
    conv.stage = stage;
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
}

#endif
