/* Four positions at a time, in reading order, wherever in the image they are: their inputs become words in
 * scratch memory, as many taps as that has room for, and all blocks of filters meet them there. Where a
 * window leaves the image it is filled up with the input's zero point. */
#include "tfcaps_conv_2d_check.h"
#include "tfcaps_interleaved.h"
#include "tfcaps_noinline.h"
#include "tfcaps_multiply.h"
#include "tfcaps_requantize.h"
#include "tfcaps_variant.h"

enum {
    FILTERS = TFCAPS_INTERLEAVED_FILTERS,
    COLUMNS = TFCAPS_INTERLEAVED_COLUMNS,
    SUMS = TFCAPS_INTERLEAVED_SUMS,
#if defined(TFCAPS_RV32) /* blocks of filters whose sums are kept, on the stack */
    TILE = 8
#else
    TILE = 4
#endif
};

/* Where a window's first tap lies: outside of the image too. */
typedef struct position {
    int32_t y;
    int32_t x;
} position;

/* What stays the same for the whole convolution. */
typedef struct layer {
    const tfcaps_conv_2d_params *params;
    const tfcaps_image_dims *input_dims;
    const tfcaps_image_dims *kernel_dims;
    const int8_t *input; /* of one image */
    const int8_t *weights;
    const int32_t *bias;
    tfcaps_output_stage stage;
    int32_t filters;
    int32_t row;      /* bytes of an input row */
    int32_t taps;     /* of a filter, an even number */
    int32_t room;     /* taps that scratch memory has room for: all, or some turns */
    position whole;   /* windows that begin before lie in the image, as rows of bytes */
    uint32_t *words;  /* scratch memory */
    int32_t is_ready; /* whether all taps of the current positions are in it */
} layer;

/* The inputs of a pixel's channels from `channel` on at four columns, of which some may lie outside of the
 * image: there, they are its zero point. */
static void gather_pixel(const layer *conv, const position at[COLUMNS], int32_t channel, int32_t size,
                         uint32_t *words) {
    const int8_t outside = (int8_t)conv->params->input_zero_point;
    const int8_t *columns[COLUMNS];
    int32_t steps[COLUMNS];
    for (int32_t n = 0; n < COLUMNS; ++n) {
        const int is_inside = (uint32_t)at[n].y < (uint32_t)conv->input_dims->height &&
                              (uint32_t)at[n].x < (uint32_t)conv->input_dims->width;
        columns[n] = &outside;
        steps[n] = is_inside;
        if (is_inside) {
            columns[n] = conv->input + (at[n].y * conv->row + at[n].x * conv->input_dims->channels + channel);
        }
    }
    if (steps[0] + steps[1] + steps[2] + steps[3] == COLUMNS) {
        tfcaps_interleaved_columns(columns, size, words);
        return;
    }
    for (; size > 0; --size) {
        *words++ = (uint32_t)*columns[0] + ((uint32_t)*columns[1] << 16);
        *words++ = (uint32_t)*columns[2] + ((uint32_t)*columns[3] << 16);
        for (int32_t n = 0; n < COLUMNS; ++n) {
            columns[n] += steps[n];
        }
    }
}

/* Taps begin ... begin + size - 1 of a row of four windows, pixel by pixel. */
static TFCAPS_NOINLINE void gather_row(const layer *conv, const position at[COLUMNS], int32_t row,
                                       int32_t begin, int32_t size, uint32_t *words) {
    const int32_t channels = conv->input_dims->channels;
    int32_t pixel = begin / channels;
    int32_t channel = begin % channels;
    while (size > 0) {
        const int32_t count = channels - channel < size ? channels - channel : size;
        position pixels[COLUMNS];
        for (int32_t n = 0; n < COLUMNS; ++n) {
            pixels[n].y = at[n].y + row * conv->params->dilation_height;
            pixels[n].x = at[n].x + pixel * conv->params->dilation_width;
        }
        gather_pixel(conv, pixels, channel, count, words);
        words += 2 * count;
        size -= count;
        channel = 0;
        ++pixel;
    }
}

/* Whether a window lies in the image as rows of bytes. */
static int is_whole(const layer *conv, position at) {
    return (uint32_t)at.y < (uint32_t)conv->whole.y && (uint32_t)at.x < (uint32_t)conv->whole.x;
}

/* Taps first ... end - 1 of four windows, among which that of weight 0 is the first one of all. */
static void gather(const layer *conv, const position at[COLUMNS], int32_t first, int32_t end) {
    const int32_t channels = conv->input_dims->channels;
    const int32_t row_size = conv->kernel_dims->width * channels;
    const int32_t absent = conv->taps - conv->kernel_dims->height * row_size;
    uint32_t *words = conv->words;
    if (first < absent) {
        *words++ = 0;
        *words++ = 0;
        ++first;
    }
    const int is_plain =
        is_whole(conv, at[0]) && is_whole(conv, at[1]) && is_whole(conv, at[2]) && is_whole(conv, at[3]);
    int32_t row = (first - absent) / row_size;
    int32_t begin = (first - absent) % row_size;
    for (int32_t left = end - first; left > 0;) {
        const int32_t size = row_size - begin < left ? row_size - begin : left;
        if (is_plain) {
            const int8_t *from = conv->input + (row * conv->params->dilation_height * conv->row + begin);
            const int8_t *columns[COLUMNS];
            for (int32_t n = 0; n < COLUMNS; ++n) {
                columns[n] = from + (at[n].y * conv->row + at[n].x * channels);
            }
            tfcaps_interleaved_columns(columns, size, words);
        } else {
            gather_row(conv, at, row, begin, size, words);
        }
        words += 2 * size;
        left -= size;
        begin = 0;
        ++row;
    }
}

/* What the sums of so many filters from number `first` on begin with, filled up to whole blocks. */
static void begin_sums(const layer *conv, int32_t first, int32_t filters, uint32_t *sums) {
    for (int32_t n = 0; n < filters || n % FILTERS != 0; ++n) {
        const uint32_t high = n < filters ? (uint32_t)conv->bias[first + n] : 0;
        sums[0] = sums[2] = high + (high << 16);
        sums[1] = sums[3] = high;
        sums += 4;
    }
}

/* The sums of so many filters from number `first` on become outputs at so many columns: those that are
 * lacking are the last one once more. A filter's columns side by side are fewer instructions than
 * tfcaps_requantize, to which the sums would have to be copied. */
static TFCAPS_NOINLINE void make_outputs(const layer *conv, int32_t first, int32_t filters, int32_t columns,
                                         const uint32_t *sums, int8_t *output) {
    const int32_t zero_point = conv->stage.zero_point;
    const int32_t least = conv->stage.least;
    const int32_t most = conv->stage.most;
    const int32_t scale_step = conv->stage.scales->count > 1;
    const int32_t *multipliers = conv->stage.scales->multiplier + first * scale_step;
    const int32_t *shifts = conv->stage.scales->shift + first * scale_step;
    int8_t *to[COLUMNS] = {output};
    for (int32_t n = 1; n < COLUMNS; ++n) {
        to[n] = n < columns ? to[n - 1] + conv->filters : to[n - 1];
    }
    for (; filters > 0; --filters) {
        const int32_t multiplier = *multipliers;
        const int32_t shift = *shifts;
        const uint32_t apart[COLUMNS] = {sums[0] - (sums[1] << 16), sums[1], sums[2] - (sums[3] << 16),
                                         sums[3]};
        for (int32_t n = 0; n < COLUMNS; ++n) {
            *to[n]++ = tfcaps_output((int32_t)apart[n], multiplier, shift, zero_point, least, most);
        }
        sums += 4;
        multipliers += scale_step;
        shifts += scale_step;
    }
}

/* The outputs of so many filters from number `first` on at so many columns. */
static void output_tile(layer *conv, const position at[COLUMNS], int32_t first, int32_t filters,
                        int32_t columns, int8_t *output) {
    uint32_t sums[SUMS * TILE];
    begin_sums(conv, first, filters, sums);
    const int32_t blocks = (filters + FILTERS - 1) / FILTERS;
    const int32_t parts = (conv->taps + conv->room - 1) / conv->room;
    const int32_t block_bytes = tfcaps_interleaved_bytes(conv->taps);
    int32_t taps = conv->taps - (parts - 1) * conv->room;
    tfcaps_interleaved_pass pass = {.words = conv->words, .sums = sums, .sums_end = sums + SUMS * blocks};
    pass.weights = conv->weights + first / FILTERS * block_bytes;
    pass.lacking = (TFCAPS_INTERLEAVED_TURN - taps % TFCAPS_INTERLEAVED_TURN) % TFCAPS_INTERLEAVED_TURN;
    for (int32_t done = 0; done < conv->taps;) {
        if (!conv->is_ready) {
            gather(conv, at, done, done + taps);
            conv->is_ready = parts == 1;
        }
        const int32_t bytes = tfcaps_interleaved_bytes(taps);
        pass.words_end = pass.words + 2 * taps;
        pass.skip = block_bytes - bytes;
        tfcaps_interleaved_blocks(&pass);
        pass.weights += bytes;
        pass.lacking = 0;
        done += taps;
        taps = conv->room;
    }
    make_outputs(conv, first, filters, columns, sums, output + first);
}

/* The outputs of all filters at so many positions. */
static void output_positions(layer *conv, const position at[COLUMNS], int32_t columns, int8_t *output) {
    conv->is_ready = 0;
    for (int32_t first = 0; first < conv->filters; first += FILTERS * TILE) {
        const int32_t left = conv->filters - first;
        output_tile(conv, at, first, left < FILTERS * TILE ? left : FILTERS * TILE, columns, output);
    }
}

/* The next position in reading order; rows of outputs end before x reaches end. */
static position after(position at, position stride, int32_t begin, int32_t end) {
    at.x += stride.x;
    if (at.x >= end) {
        at.x = begin;
        at.y += stride.y;
    }
    return at;
}

/* All outputs of an image. Positions that the last four lack are the last one again. */
static void convolve(layer *conv, const tfcaps_image_dims *output_dims, int8_t *output) {
    const position stride = {conv->params->stride_height, conv->params->stride_width};
    const int32_t begin = -conv->params->padding_left;
    const int32_t end = begin + output_dims->width * stride.x;
    position at[COLUMNS];
    position next = {-conv->params->padding_top, begin};
    for (int32_t left = output_dims->height * output_dims->width; left > 0; left -= COLUMNS) {
        const int32_t columns = left < COLUMNS ? left : COLUMNS;
        for (int32_t n = 0; n < COLUMNS; ++n) {
            at[n] = next;
            if (left - n > 1) {
                next = after(next, stride, begin, end);
            }
        }
        output_positions(conv, at, columns, output);
        output += columns * conv->filters;
    }
}

/* What follows from the arguments, or what is wrong with them. */
static TFCAPS_NOINLINE tfcaps_status begin_layer(layer *conv, const tfcaps_context *context,
                                                 const tfcaps_image_dims *output_dims) {
    const tfcaps_conv_2d_params *params = conv->params;
    const tfcaps_image_dims *input_dims = conv->input_dims;
    const tfcaps_image_dims *kernel_dims = conv->kernel_dims;
    size_t need = 0;
    tfcaps_status status =
        tfcaps_conv_2d_interleaved_s8_get_buffer_size(params, input_dims, kernel_dims, output_dims, &need);
    if (status == TFCAPS_OK) {
        status = tfcaps_check_scales(conv->stage.scales, output_dims->channels);
    }
    if (status != TFCAPS_OK) {
        return status;
    }
    if (context->buf == NULL || context->size < need || (uintptr_t)context->buf % 4 != 0) {
        return TFCAPS_ERROR_SCRATCH;
    }
    conv->filters = output_dims->channels;
    conv->row = input_dims->width * input_dims->channels;
    conv->taps = tfcaps_interleaved_taps(kernel_dims);
    const size_t room = context->size / TFCAPS_INTERLEAVED_TAP_BYTES;
    conv->room = room >= (size_t)conv->taps ? conv->taps : (int32_t)(room - room % TFCAPS_INTERLEAVED_TURN);
    conv->words = (uint32_t *)context->buf;
    conv->whole.y = input_dims->height - (kernel_dims->height - 1) * params->dilation_height;
    conv->whole.x = input_dims->width - kernel_dims->width + 1;
    if (conv->whole.y < 0 || (kernel_dims->width > 1 && params->dilation_width > 1)) {
        conv->whole.y = 0;
    }
    if (conv->whole.x < 0) {
        conv->whole.x = 0;
    }
    return TFCAPS_OK;
}

tfcaps_status tfcaps_conv_2d_interleaved_s8(
    const tfcaps_context *context, const tfcaps_conv_2d_params *params, const tfcaps_channel_scales *scales,
    const tfcaps_image_dims *input_dims, const int8_t *input, const tfcaps_image_dims *kernel_dims,
    const int8_t *weights, const int32_t *bias, const tfcaps_image_dims *output_dims, int8_t *output) {
    if (context == NULL || params == NULL || input == NULL || weights == NULL || bias == NULL ||
        output == NULL) {
        return TFCAPS_ERROR_NULL;
    }
    layer conv = {.params = params,
                  .input_dims = input_dims,
                  .kernel_dims = kernel_dims,
                  .input = input,
                  .weights = weights,
                  .bias = bias};
    const tfcaps_output_stage stage = {scales, params->output_zero_point, params->activation_min,
                                       params->activation_max};
    conv.stage = stage;
    const tfcaps_status status = begin_layer(&conv, context, output_dims);
    if (status != TFCAPS_OK) {
        return status;
    }
    for (int32_t batch = 0; batch < input_dims->batches; ++batch) {
        convolve(&conv, output_dims, output);
        conv.input += conv.row * input_dims->height;
        output += output_dims->height * output_dims->width * conv.filters;
    }
    return TFCAPS_OK;
}
