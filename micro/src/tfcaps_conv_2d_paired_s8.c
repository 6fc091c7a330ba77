/* Two columns at a time, wherever in the image they are: their inputs are taken apart into scratch memory, as
 * many steps as that has room for. Where a window leaves the image, or its taps do not lie side by side, its
 * rows are put together behind them first, with the input's zero point. */
#include "tfcaps_cold.h"
#include "tfcaps_conv_2d_paired.h"
#include "tfcaps_noinline.h"
#include "tfcaps_paired.h"
#include "tfcaps_variant.h"
#include <string.h>

enum { /* blocks of filters whose sums are kept, on the stack */
#if defined(TFCAPS_DSP)
    TILE = 32
#else
    TILE = 16
#endif
};

/* Where a window's first tap lies: outside of the image too. */
typedef struct position {
    int32_t y;
    int32_t x;
} position;

/* What stays the same for the whole convolution, and what is being made. */
typedef struct layer {
    const tfcaps_conv_2d_params *params;
    const tfcaps_image_dims *input_dims;
    const int8_t *input; /* of one image */
    int32_t row;         /* bytes of an input row */
    int32_t row_step;    /* bytes between two rows of a window */
    tfcaps_conv_2d_paired_plan plan;
    int8_t *rows;      /* of two windows that are put together, [2][2 room] */
    int32_t room;      /* steps it has room for, even unless that is a whole window */
    int32_t room_rows; /* whole rows that is room for, with all that meet */
    position whole;    /* windows that begin before lie in the image as they are */
    int32_t filters;
    int32_t block_words;
    const int32_t *blocks;
    tfcaps_paired_rows apart;
    tfcaps_paired_blocks_pass pass;
    position at[2]; /* whose outputs are being made */
    int8_t *outputs[2];
} layer;

/* Bytes offset ... offset + size - 1 of a row of taps, of those that lie in the image: what begins at x there
 * begins at first in the row. */
static void copy_taps(const layer *conv, const int8_t *image_row, int32_t x, int32_t taps, int32_t first,
                      int32_t offset, int8_t *to) {
    const int32_t channels = conv->input_dims->channels;
    const int32_t room = conv->input_dims->width - x;
    if (x <= -taps || room <= 0) {
        return;
    }
    const int32_t low = first + (x < 0 ? -x : 0) * channels;
    const int32_t high = first + (room < taps ? room : taps) * channels;
    const int32_t begin = low > offset ? low : offset;
    const int32_t end = high < offset + conv->apart.size ? high : offset + conv->apart.size;
    if (begin < end) {
        memcpy(to + (begin - offset), image_row + (x * channels + (begin - first)), (size_t)(end - begin));
    }
}

/* Rows from number `row` on of a window, or a part of one. */
static TFCAPS_NOINLINE void put_together(const layer *conv, position at, int32_t row, int32_t offset,
                                         int8_t *to) {
    const int32_t channels = conv->input_dims->channels;
    const int32_t dilation = conv->params->dilation_width;
    const int32_t taps = dilation == 1 ? conv->plan.window.size / channels : 1; /* that lie side by side */
    memset(to, conv->params->input_zero_point, (size_t)(conv->apart.rows * conv->apart.size));
    for (int32_t end = row + conv->apart.rows; row < end; ++row) {
        const int32_t y = at.y + row * conv->params->dilation_height;
        int32_t x = at.x;
        for (int32_t first = 0; first < conv->plan.window.size; first += taps * channels) {
            if (y >= 0 && y < conv->input_dims->height) {
                copy_taps(conv, conv->input + y * conv->row, x, taps, first, offset, to);
            }
            x += dilation;
        }
        to += conv->apart.size;
    }
}

/* Whether a window lies in the image as it is taken apart. */
static int is_whole(const layer *conv, position at) {
    return (uint32_t)at.y < (uint32_t)conv->whole.y && (uint32_t)at.x < (uint32_t)conv->whole.x;
}

static const int8_t *input_at(const layer *conv, position at) {
    return conv->input + (at.y * conv->row + at.x * conv->input_dims->channels);
}

/* Takes apart some rows of both windows from number `first` on, or a part of one from a byte on. */
static TFCAPS_NOINLINE void take_apart(layer *conv, int32_t first, int32_t offset,
                                       const tfcaps_paired_window *part) {
    const int is_plain = is_whole(conv, conv->at[0]) && is_whole(conv, conv->at[1]);
    const int32_t step = is_plain ? conv->row_step : part->size;
    conv->apart.rows = part->rows;
    if (conv->apart.step != step || conv->apart.size != part->size) {
        conv->apart.step = step;
        conv->apart.size = part->size;
        conv->apart.ways[0] = 0;
    }
    if (is_plain) {
        const int32_t from = first * step + offset;
        tfcaps_paired_columns(input_at(conv, conv->at[0]) + from, input_at(conv, conv->at[1]) + from,
                              &conv->apart);
    } else {
        int8_t *second = conv->rows + 2 * conv->room;
        put_together(conv, conv->at[0], first, offset, conv->rows);
        put_together(conv, conv->at[1], first, offset, second);
        tfcaps_paired_columns(conv->rows, second, &conv->apart);
    }
}

/* The last output of a number of filters that is odd, at two positions: its block has one more than there is
 * room for. */
static TFCAPS_NOINLINE void output_last(layer *conv, int32_t blocks, int32_t filter) {
    tfcaps_paired_blocks_pass *pass = &conv->pass;
    int8_t last[2][TFCAPS_PAIRED_FILTERS];
    pass->weights += blocks * conv->block_words;
    if (pass->task == TFCAPS_PAIRED_LAST) {
        pass->sums += blocks * TFCAPS_PAIRED_SUMS;
    }
    pass->output = last[0];
    pass->output_end = last[1];
    pass->distance = TFCAPS_PAIRED_FILTERS;
    tfcaps_paired_blocks(pass);
    conv->outputs[0][filter] = last[0][0];
    conv->outputs[1][filter] = last[1][0];
    pass->output = NULL;
    pass->output_end = NULL;
}

/* The pass's outputs are those of filters first ... end - 1, at two positions. */
static void make_outputs(layer *conv, int32_t first, int32_t end) {
    tfcaps_paired_blocks_pass *pass = &conv->pass;
    const int32_t whole = (end - first) & ~1;
    if (whole > 0) {
        pass->output = conv->outputs[0] + first;
        pass->output_end = pass->output + whole;
        pass->distance = conv->outputs[1] - conv->outputs[0];
        tfcaps_paired_blocks(pass);
    }
    if (first + whole < end) {
        output_last(conv, whole / TFCAPS_PAIRED_FILTERS, end - 1);
    }
}

/* The sums of so many blocks from number `first` on begin. */
static void begin_sums(layer *conv, int32_t first, int32_t blocks, uint32_t *sums) {
    const int32_t *weights = conv->blocks + first * conv->block_words;
    conv->pass.weights = weights + TFCAPS_PAIRED_SUMS;
    conv->pass.sums = sums;
    for (; blocks > 0; --blocks) {
        memcpy(sums, weights, TFCAPS_PAIRED_SUMS * sizeof *sums);
        weights += conv->block_words;
        sums += TFCAPS_PAIRED_SUMS;
    }
    conv->pass.sums_end = sums;
}

/* What there is room for of a window, from a byte of a row on: whole rows, or a part of one. */
static void set_part(const layer *conv, int32_t row, int32_t offset, tfcaps_paired_window *part) {
    const int32_t rows = conv->plan.window.rows - row;
    const int32_t size = conv->plan.window.size - offset;
    const int is_one = conv->room_rows == 0;
    part->rows = is_one ? 1 : rows < conv->room_rows ? rows : conv->room_rows;
    part->size = is_one && size > 2 * conv->room ? 2 * conv->room : size;
}

/* The outputs of filters first ... end - 1 at two positions, of windows that do not fit whole. */
static void output_in_parts(layer *conv, int32_t first, int32_t end, uint32_t *sums) {
    tfcaps_paired_blocks_pass *pass = &conv->pass;
    begin_sums(conv, first / TFCAPS_PAIRED_FILTERS, (end - first + 1) / TFCAPS_PAIRED_FILTERS, sums);
    tfcaps_paired_window part = conv->plan.window;
    int32_t row = 0;
    int32_t offset = 0; /* in that row, a multiple of four */
    for (int32_t left = conv->plan.steps; left > 0; left -= pass->steps) {
        set_part(conv, row, offset, &part);
        take_apart(conv, row, offset, &part);
        pass->steps = tfcaps_paired_steps(&part, part.rows);
        offset += part.size;
        if (offset == conv->plan.window.size) {
            offset = 0;
            row += part.rows;
        }
        pass->ways[0] = 0;
        pass->skip = 4 * (conv->block_words - pass->steps);
        if (left > pass->steps) {
            pass->task = TFCAPS_PAIRED_SOME;
            tfcaps_paired_blocks(pass);
            pass->weights += pass->steps;
        } else {
            pass->task = TFCAPS_PAIRED_LAST;
            pass->skip -= 4 * TFCAPS_PAIRED_STAGES;
            make_outputs(conv, first, end);
        }
    }
}

/* The same of all filters. */
static TFCAPS_COLD TFCAPS_NOINLINE void output_tiles(layer *conv) {
    uint32_t sums[TFCAPS_PAIRED_SUMS * TILE];
    for (int32_t first = 0; first < conv->filters; first += TFCAPS_PAIRED_FILTERS * TILE) {
        const int32_t left = conv->filters - first;
        const int32_t filters = left < TFCAPS_PAIRED_FILTERS * TILE ? left : TFCAPS_PAIRED_FILTERS * TILE;
        output_in_parts(conv, first, first + filters, sums);
    }
    conv->pass.sums = NULL;
    conv->pass.sums_end = NULL;
}

/* The activation's limits, where they are narrower than int8's. */
static void limit(const tfcaps_conv_2d_params *params, int8_t *output, int32_t size) {
    const int32_t least = params->activation_min;
    const int32_t most = params->activation_max;
    for (int32_t n = 0; n < size; ++n) {
        output[n] = (int8_t)(output[n] < least ? least : output[n] > most ? most : output[n]);
    }
}

/* The outputs of all filters at two positions. */
static void output_pair(layer *conv) {
    if (conv->pass.task == TFCAPS_PAIRED_ALL) {
        if (conv->plan.is_inside) {
            tfcaps_paired_columns(input_at(conv, conv->at[0]), input_at(conv, conv->at[1]), &conv->apart);
        } else {
            take_apart(conv, 0, 0, &conv->plan.window);
        }
        conv->pass.weights = conv->blocks;
        make_outputs(conv, 0, conv->filters);
    } else {
        output_tiles(conv);
    }
}

/* Whether the multipliers and shifts are such as there can be, of a filter that fills the last block too. */
static int are_stages(const layer *conv) {
    const int32_t *stage = conv->blocks + (conv->block_words - TFCAPS_PAIRED_STAGES);
    for (int32_t filter = 0; filter < conv->filters + conv->filters % 2; ++filter) {
        if (stage[0] < 0 || stage[2] < 1 || stage[2] > TFCAPS_PAIRED_MOST_SHIFT) {
            return 0;
        }
        stage += filter % 2 == 0 ? 3 : conv->block_words - 3;
    }
    return 1;
}

/* Shares the scratch memory out. */
static void use_scratch(layer *conv, const tfcaps_context *context) {
    const tfcaps_paired_window *window = &conv->plan.window;
    const int32_t steps = conv->plan.steps;
    const size_t fit = context->size / tfcaps_conv_2d_paired_step_bytes(&conv->plan);
    const int is_carried = conv->pass.form == TFCAPS_PAIRED_CARRIED;
    const size_t limited = is_carried && fit > TFCAPS_PAIRED_PART ? TFCAPS_PAIRED_PART : fit;
    const int is_whole_window = limited >= (size_t)steps;
    const int32_t together = window->together;
    conv->room = is_whole_window ? steps : (int32_t)(limited & ~(size_t)1);
    conv->room_rows =
        is_whole_window ? window->rows : conv->room / tfcaps_paired_steps(window, together) * together;
    uint32_t *words = (uint32_t *)context->buf;
    conv->rows = (int8_t *)(words + 2 * conv->room);
    conv->apart.rows = window->rows;
    conv->apart.size = window->size;
    conv->apart.step = conv->row_step;
    conv->apart.words = words;
    conv->apart.together = together;
    conv->pass.columns = words;
    conv->pass.steps = steps;
    conv->pass.task = is_whole_window && !is_carried ? TFCAPS_PAIRED_ALL : TFCAPS_PAIRED_SOME;
}

/* What follows from the arguments, or what is wrong with them. */
static tfcaps_status begin_layer(layer *conv, const tfcaps_context *context,
                                 const tfcaps_image_dims *kernel_dims, const int32_t *weights,
                                 const tfcaps_image_dims *output_dims) {
    const tfcaps_conv_2d_params *params = conv->params;
    const tfcaps_image_dims *input_dims = conv->input_dims;
    const tfcaps_status status =
        tfcaps_conv_2d_paired_plan_of(params, input_dims, kernel_dims, output_dims, &conv->plan);
    if (status != TFCAPS_OK) {
        return status;
    }
    if (context->buf == NULL || context->size < conv->plan.need || (uintptr_t)context->buf % 4 != 0) {
        return TFCAPS_ERROR_SCRATCH;
    }
    conv->filters = output_dims->channels;
    conv->row = input_dims->width * input_dims->channels;
    const int32_t whole_y = input_dims->height - (kernel_dims->height - 1) * params->dilation_height;
    const int32_t whole_x = params->dilation_width == 1 ? input_dims->width - kernel_dims->width + 1 : 0;
    conv->whole.y = whole_y > 0 ? whole_y : 0;
    conv->whole.x = whole_x > 0 ? whole_x : 0;
    if (kernel_dims->height > 1 && whole_y > 0) { /* else the product may not fit */
        conv->row_step = params->dilation_height * conv->row;
    }
    conv->pass.form = weights[0];
    conv->blocks = weights + 1;
    conv->block_words =
        TFCAPS_PAIRED_SUMS + TFCAPS_PAIRED_STAGES +
        conv->plan.steps * (conv->pass.form == TFCAPS_PAIRED_SINGLE ? TFCAPS_PAIRED_FILTERS : 1);
    use_scratch(conv, context);
    if (conv->pass.form < TFCAPS_PAIRED_PAIRS || conv->pass.form > TFCAPS_PAIRED_SINGLE ||
        !are_stages(conv) || (conv->pass.form == TFCAPS_PAIRED_SINGLE && conv->room < conv->plan.steps)) {
        return TFCAPS_ERROR_RANGE;
    }
    return TFCAPS_OK;
}

/* The next position in reading order; rows of outputs end before x reaches end. */
static inline position after(position at, const tfcaps_conv_2d_params *params, int32_t end) {
    at.x += params->stride_width;
    if (at.x >= end) {
        at.x = -params->padding_left;
        at.y += params->stride_height;
    }
    return at;
}

/* All outputs of an image. */
static TFCAPS_HOT TFCAPS_NOINLINE void convolve(layer *conv, const tfcaps_image_dims *output_dims,
                                                int8_t *output) {
    const tfcaps_conv_2d_params *params = conv->params;
    position next = {-params->padding_top, -params->padding_left};
    const int32_t end = next.x + output_dims->width * params->stride_width;
    for (int32_t left = output_dims->height * output_dims->width; left > 0; left -= 2) {
        conv->at[0] = next;
        conv->outputs[0] = output;
        if (left > 1) { /* else the last position is made twice */
            next = after(next, params, end);
            output += conv->filters;
        }
        conv->at[1] = next;
        conv->outputs[1] = output;
        output_pair(conv);
        next = after(next, params, end);
        output += conv->filters;
    }
}

TFCAPS_COLD tfcaps_status tfcaps_conv_2d_paired_s8(const tfcaps_context *context,
                                                   const tfcaps_conv_2d_params *params,
                                                   const tfcaps_image_dims *input_dims, const int8_t *input,
                                                   const tfcaps_image_dims *kernel_dims,
                                                   const int32_t *weights,
                                                   const tfcaps_image_dims *output_dims, int8_t *output) {
    if (context == NULL || input == NULL || weights == NULL || output == NULL) {
        return TFCAPS_ERROR_NULL;
    }
    layer conv = {.params = params, .input_dims = input_dims, .input = input};
    const tfcaps_status status = begin_layer(&conv, context, kernel_dims, weights, output_dims);
    if (status != TFCAPS_OK) {
        return status;
    }
    const int32_t size = output_dims->height * output_dims->width * conv.filters;
    for (int32_t batch = 0; batch < input_dims->batches; ++batch) {
        convolve(&conv, output_dims, output);
        if (params->activation_min > INT8_MIN || params->activation_max < INT8_MAX) {
            limit(params, output, size);
        }
        conv.input += conv.row * input_dims->height;
        output += size;
    }
    return TFCAPS_OK;
}
