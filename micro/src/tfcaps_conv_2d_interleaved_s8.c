#include "tfcaps_conv_2d_check.h"
#include "tfcaps_interleaved.h"
#include "tfcaps_requantize.h"
#include "tfcaps_tap_runs.h"

enum {
    FILTERS = TFCAPS_INTERLEAVED_FILTERS,
    COLUMNS = TFCAPS_INTERLEAVED_COLUMNS,
    TILE = 16 /* columns whose sums are kept, on the stack */
};

/* What stays the same for the whole convolution. */
typedef struct layer {
    const tfcaps_conv_2d_params *params;
    tfcaps_output_stage stage;
    tfcaps_window columns;
    const int32_t *bias; /* then once more, for whole windows */
    int32_t filters;
    int32_t pixel;      /* bytes of an input pixel */
    int32_t row;        /* bytes of an input row */
    int32_t kernel_row; /* bytes of a row of taps of a block, as the next */
    int32_t kernel_size;
} layer;

static tfcaps_tap_runs taps_of_window(const layer *conv, int32_t rows, int32_t columns) {
    const tfcaps_tap_bytes bytes = {conv->pixel, conv->pixel, conv->row, FILTERS * conv->pixel,
                                    conv->kernel_row};
    return tfcaps_tap_runs_of(conv->params, &bytes, rows, columns);
}

/* The sums of a block of filters become outputs at so many columns. Filled up, a block has less outputs. */
static void output_sums(const layer *conv, int32_t filter, int32_t columns, const uint32_t *sums,
                        int8_t *output) {
    const int32_t left = conv->filters - filter;
    if (left >= FILTERS) {
        tfcaps_requantize(&conv->stage, filter, FILTERS, columns, sums, output, conv->filters);
        return;
    }
    for (int32_t column = 0; column < columns; ++column) {
        tfcaps_requantize(&conv->stage, filter, left, 1, sums, output, 0);
        sums += FILTERS;
        output += conv->filters;
    }
}

/* A block at one position. input and kernel are at the first tap that counts. */
static void output_pixel(const layer *conv, const int8_t *input, const int8_t *kernel,
                         const tfcaps_tap_runs *window, int32_t filter, int8_t *output) {
    uint32_t sums[FILTERS] = {0};
    for (int32_t n = 0; n < FILTERS && filter + n < conv->filters; ++n) {
        sums[n] = (uint32_t)conv->bias[filter + n];
    }
    for (int32_t y = 0; y < window->rows; ++y) {
        tfcaps_interleaved_4x1(&window->runs, input + y * window->row_step, conv->params->input_zero_point,
                               kernel + y * conv->kernel_row, sums);
    }
    output_sums(conv, filter, 1, sums, output);
}

/* What the sums of a block begin with where windows lie inside the image from left to right: so many bytes of
 * taps count. */
static void begin_sums(const layer *conv, const int8_t *kernel, int32_t size, int32_t filter,
                       uint32_t begin[FILTERS]) {
    const int is_whole = size == conv->kernel_size;
    for (int32_t n = 0; n < FILTERS; ++n) {
        begin[n] = 0;
        if (filter + n < conv->filters) {
            begin[n] = (uint32_t)conv->bias[is_whole ? conv->filters + filter + n : filter + n];
        }
        for (int32_t k = n; k < size && !is_whole; k += FILTERS) {
            begin[n] -= (uint32_t)(kernel[k] * conv->params->input_zero_point);
        }
    }
}

/* A block at columns of one tile, a multiple of COLUMNS, whose windows lie inside from left to right. */
static void output_tile(const layer *conv, const int8_t *input, int32_t step, const int8_t *kernel,
                        const tfcaps_tap_runs *window, int32_t filter, const uint32_t *begin, int32_t columns,
                        int8_t *output) {
    uint32_t sums[FILTERS * TILE];
    for (int32_t column = 0; column < columns; column += COLUMNS) {
        uint32_t *block = sums + FILTERS * column;
        for (int32_t n = 0; n < FILTERS * COLUMNS; ++n) {
            block[n] = begin[n % FILTERS];
        }
        for (int32_t y = 0; y < window->rows; ++y) {
            tfcaps_interleaved_4x4(&window->runs, input + y * window->row_step, step,
                                   kernel + y * conv->kernel_row, block);
        }
        input += COLUMNS * step;
    }
    output_sums(conv, filter, columns, sums, output);
}

/* A block at so many such columns, at least COLUMNS. Three that are left over come with one that is done
 * already; less are quicker one at a time. */
static void output_columns(const layer *conv, const int8_t *input, const int8_t *kernel,
                           const tfcaps_tap_runs *window, int32_t size, int32_t filter, int32_t columns,
                           int8_t *output) {
    const int32_t step = conv->params->stride_width * conv->pixel;
    uint32_t begin[FILTERS];
    begin_sums(conv, kernel, size, filter, begin);
    for (int32_t column = 0; column < columns;) {
        int32_t count = columns - column;
        if (count == COLUMNS - 1) {
            --column;
            ++count;
        }
        count = count < COLUMNS ? 1 : count < TILE ? count - count % COLUMNS : TILE;
        const int8_t *from = input + column * step;
        int8_t *to = output + column * conv->filters;
        if (count == 1) {
            output_pixel(conv, from, kernel, window, filter, to);
        } else {
            output_tile(conv, from, step, kernel, window, filter, begin, count, to);
        }
        column += count;
    }
}

/* One row of the output; input is the first row of taps that lies inside the image. */
static int8_t *output_row(const layer *conv, const int8_t *input, const int8_t *kernel, tfcaps_taps y,
                          int8_t *output) {
    const int32_t rows = y.end - y.first;
    for (int32_t column = 0; column < conv->columns.output;) {
        const tfcaps_taps x = tfcaps_window_taps(&conv->columns, column);
        const tfcaps_tap_runs window = taps_of_window(conv, rows, x.end - x.first);
        const int8_t *pixel = input + (x.input + x.first * conv->params->dilation_width) * conv->pixel;
        const int8_t *first = kernel + y.first * conv->kernel_row + x.first * FILTERS * conv->pixel;
        const int32_t whole = tfcaps_whole_windows(&conv->columns, column);
        const int32_t columns = whole < COLUMNS ? 1 : whole;
        for (int32_t filter = 0; filter < conv->filters; filter += FILTERS) {
            if (columns > 1) {
                output_columns(conv, pixel, first, &window, rows * conv->kernel_row, filter, columns,
                               output + filter);
            } else {
                output_pixel(conv, pixel, first, &window, filter, output + filter);
            }
            first += conv->kernel_size;
        }
        column += columns;
        output += columns * conv->filters;
    }
    return output;
}

tfcaps_status tfcaps_conv_2d_interleaved_s8(const tfcaps_conv_2d_params *params,
                                            const tfcaps_channel_scales *scales,
                                            const tfcaps_image_dims *input_dims, const int8_t *input,
                                            const tfcaps_image_dims *kernel_dims, const int8_t *kernel,
                                            const int32_t *bias, const tfcaps_image_dims *output_dims,
                                            int8_t *output) {
    if (input == NULL || kernel == NULL || bias == NULL || output == NULL) {
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
    const int32_t taps = kernel_dims->height * kernel_dims->width * kernel_dims->channels;
    const int64_t blocks = (output_dims->channels + FILTERS - 1) / FILTERS;
    if (kernel_dims->channels != input_dims->channels || blocks * FILTERS * taps > INT32_MAX) {
        return TFCAPS_ERROR_DIMS;
    }
    layer conv = {.params = params, .bias = bias};
    const tfcaps_output_stage stage = {scales, params->output_zero_point, params->activation_min,
                                       params->activation_max};
    conv.stage = stage;
    conv.columns = tfcaps_conv_2d_columns(params, input_dims, kernel_dims, output_dims);
    conv.filters = output_dims->channels;
    conv.pixel = input_dims->channels;
    conv.row = conv.pixel * input_dims->width;
    conv.kernel_row = FILTERS * conv.pixel * kernel_dims->width;
    conv.kernel_size = FILTERS * taps;
    const tfcaps_window rows = tfcaps_conv_2d_rows(params, input_dims, kernel_dims, output_dims);
    for (int32_t batch = 0; batch < input_dims->batches; ++batch) {
        for (int32_t row = 0; row < output_dims->height; ++row) {
            const tfcaps_taps y = tfcaps_window_taps(&rows, row);
            output = output_row(&conv, input + (y.input + y.first * params->dilation_height) * conv.row,
                                kernel, y, output);
        }
        input += conv.row * input_dims->height;
    }
    return TFCAPS_OK;
}
