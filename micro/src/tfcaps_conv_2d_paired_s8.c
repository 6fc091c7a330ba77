/* Two columns at a time, wherever in the image they are: their inputs are taken apart into scratch memory, as
 * many steps as that has room for, the input's zero point where a window leaves the image. */
#include "tfcaps_conv_2d_check.h"
#include "tfcaps_noinline.h"
#include "tfcaps_paired.h"
#include <string.h>

enum {
    TILE = 16, /* blocks of filters whose sums are kept, on the stack */
    PIECE = 16 /* bytes of a cut run that are put together there */
};

static int32_t blocks_of(int32_t filters) {
    return (filters + TFCAPS_PAIRED_FILTERS - 1) / TFCAPS_PAIRED_FILTERS;
}

/* Where a window's first tap lies: outside of the image too. */
typedef struct position {
    int32_t y;
    int32_t x;
} position;

/* What stays the same for the whole convolution. */
typedef struct layer {
    const tfcaps_conv_2d_params *params;
    const tfcaps_image_dims *input_dims;
    const int8_t *input; /* of one image */
    int32_t row;         /* bytes of an input row */
    tfcaps_paired_window window;
    uint32_t *words;     /* scratch memory */
    int32_t room;        /* steps it has room for, even unless that is a whole window */
    position last_whole; /* of the windows that no edge cuts and whose runs are rows; else negative */
    int32_t run_steps;   /* of a run */
    int32_t room_runs;   /* whole runs there is room for */
    int32_t run_step;    /* bytes between two runs that are rows */
    int32_t carried;     /* whether high is carried from part to part */
    int32_t filters;
    const int32_t *starts;
    const int32_t *weights;
    const int32_t *stages;
} layer;

/* The bytes first ... end - 1 of a run lie in the image; byte 0 would lie at start. */
typedef struct run_bytes {
    int32_t start;
    int32_t first;
    int32_t end;
} run_bytes;

/* Which bytes are those of run number `run` of a window. */
static run_bytes bytes_of_run(const layer *conv, position at, int32_t run) {
    const int32_t channels = conv->input_dims->channels;
    if (conv->window.runs_of_row > 1) {
        at.x += run % conv->window.runs_of_row * conv->params->dilation_width;
        run /= conv->window.runs_of_row;
    }
    at.y += run * conv->params->dilation_height;
    const int32_t room = conv->input_dims->width - at.x;
    run_bytes bytes = {0, 0, 0};
    if (at.y >= 0 && at.y < conv->input_dims->height && at.x > -conv->window.taps && room > 0) {
        bytes.start = at.y * conv->row + at.x * channels;
        bytes.first = at.x < 0 ? -at.x * channels : 0;
        bytes.end = room < conv->window.taps ? room * channels : conv->window.size;
    }
    return bytes;
}

/* Bytes offset ... offset + size - 1 of a run, put together; at most PIECE. */
static void copy_piece(const layer *conv, const run_bytes *bytes, int32_t offset, int32_t size,
                       int8_t *piece) {
    const int32_t end = offset + size < bytes->end ? offset + size : bytes->end;
    const int32_t first = offset > bytes->first ? offset : bytes->first;
    memset(piece, conv->params->input_zero_point, (size_t)size);
    if (first < end) {
        memcpy(piece + (first - offset), conv->input + (bytes->start + first), (size_t)(end - first));
    }
}

/* Takes size bytes of a run of both windows apart, from offset on. */
static void take_apart(const layer *conv, const position at[2], int32_t run, int32_t offset, int32_t size,
                       uint32_t *words) {
    const run_bytes bytes0 = bytes_of_run(conv, at[0], run);
    const run_bytes bytes1 = bytes_of_run(conv, at[1], run);
    if (bytes0.first == 0 && bytes1.first == 0 && bytes0.end == conv->window.size &&
        bytes1.end == conv->window.size) {
        tfcaps_paired_columns(conv->input + (bytes0.start + offset), conv->input + (bytes1.start + offset),
                              size, 1, 0, words);
        return;
    }
    for (; size > 0; size -= PIECE) {
        int8_t piece[2][PIECE];
        const int32_t part = size < PIECE ? size : PIECE;
        copy_piece(conv, &bytes0, offset, part, piece[0]);
        copy_piece(conv, &bytes1, offset, part, piece[1]);
        tfcaps_paired_columns(piece[0], piece[1], part, 1, 0, words);
        words += PIECE; /* a word a byte: two columns, two bytes a step */
        offset += PIECE;
    }
}

/* Where a window begins that no edge cuts and whose runs are rows; else NULL. */
static const int8_t *whole_window(const layer *conv, position at) {
    if (at.y < 0 || at.y > conv->last_whole.y || at.x < 0 || at.x > conv->last_whole.x) {
        return NULL;
    }
    return conv->input + (at.y * conv->row + at.x * conv->input_dims->channels);
}

/* How far the taking apart of two windows has come. */
typedef struct progress {
    int32_t run;
    int32_t offset;         /* in that run, a multiple of four */
    const int8_t *whole[2]; /* where the windows begin, if both are whole */
} progress;

static progress begin_windows(const layer *conv, const position at[2]) {
    progress done = {0, 0, {whole_window(conv, at[0]), whole_window(conv, at[1])}};
    if (done.whole[1] == NULL) {
        done.whole[0] = NULL;
    }
    return done;
}

/* Takes apart what comes next of whole windows: as many whole runs as fit, or a part of a longer one. How
 * many steps that is. */
static TFCAPS_NOINLINE int32_t next_whole_steps(const layer *conv, progress *done) {
    const int8_t *const *whole = done->whole;
    const int32_t offset = done->run * conv->run_step + done->offset;
    int32_t runs = conv->room_runs;
    int32_t size = conv->window.size;
    if (runs > 0) {
        if (runs > conv->window.runs - done->run) {
            runs = conv->window.runs - done->run;
        }
        done->run += runs;
        tfcaps_paired_columns(whole[0] + offset, whole[1] + offset, size, runs, conv->run_step, conv->words);
        return runs * conv->run_steps;
    }
    size -= done->offset;
    if (size > 2 * conv->room) {
        size = 2 * conv->room;
        done->offset += size;
    } else {
        done->offset = 0;
        ++done->run;
    }
    tfcaps_paired_columns(whole[0] + offset, whole[1] + offset, size, 1, 0, conv->words);
    return (size + 1) / 2;
}

/* The same of any windows, run by run. */
static TFCAPS_NOINLINE int32_t next_steps(const layer *conv, const position at[2], progress *done) {
    int32_t steps = 0;
    while (done->run < conv->window.runs && steps < conv->room) {
        int32_t size = conv->window.size - done->offset;
        const int32_t room = 2 * (conv->room - steps);
        if (size > room) {
            size = room & ~3;
            if (size == 0) {
                break;
            }
        }
        take_apart(conv, at, done->run, done->offset, size, conv->words + 2 * steps);
        steps += (size + 1) / 2;
        done->offset += size;
        if (done->offset == conv->window.size) {
            done->offset = 0;
            ++done->run;
        }
    }
    return steps;
}

/* The sums of so many blocks from number `first` on. A window that fits whole has been taken apart for the
 * first of them. */
static TFCAPS_NOINLINE void add_up(const layer *conv, const position at[2], int32_t first, int32_t blocks,
                                   uint32_t *sums) {
    const int32_t block_words = 2 * conv->window.steps;
    const int32_t *weights = conv->weights + first * block_words;
    const uint32_t *from = (const uint32_t *)conv->starts + first * TFCAPS_PAIRED_SUMS;
    const int32_t is_apart = first > 0 && conv->room >= conv->window.steps;
    progress done = begin_windows(conv, at);
    for (int32_t left = conv->window.steps; left > 0;) {
        const int32_t steps = is_apart                ? left
                              : done.whole[0] != NULL ? next_whole_steps(conv, &done)
                                                      : next_steps(conv, at, &done);
        tfcaps_paired_sums(conv->words, steps, weights, block_words, conv->carried, from, sums, blocks);
        from = sums;
        weights += 2 * steps;
        left -= steps;
    }
}

/* The outputs of all filters at two positions. */
static TFCAPS_NOINLINE void output_pair(const layer *conv, const position at[2], int8_t *output0,
                                        int8_t *output1) {
    const int32_t channels = TFCAPS_PAIRED_FILTERS * TILE;
    for (int32_t first = 0; first < conv->filters; first += channels) {
        uint32_t sums[TFCAPS_PAIRED_SUMS * TILE];
        const int32_t left = conv->filters - first;
        const int32_t filters = left < channels ? left : channels;
        add_up(conv, at, first / TFCAPS_PAIRED_FILTERS, blocks_of(filters), sums);
        tfcaps_paired_outputs(sums, conv->carried, conv->stages + 3 * first, filters,
                              conv->params->activation_min, conv->params->activation_max, output0 + first,
                              output1 + first);
    }
}

/* The next position in reading order. */
static position after(const tfcaps_window *columns, const tfcaps_conv_2d_params *params, position at) {
    at.x += columns->stride;
    if (at.x >= columns->output * columns->stride - columns->padding) {
        at.x = -columns->padding;
        at.y += params->stride_height;
    }
    return at;
}

/* Whether the multipliers and shifts are such as there can be. */
static int are_stages(const int32_t *stages, int32_t filters) {
    for (int32_t n = 0; n < filters; ++n) {
        if (stages[0] < 0 || stages[2] < 1 || stages[2] > TFCAPS_PAIRED_MOST_SHIFT) {
            return 0;
        }
        stages += 3;
    }
    return 1;
}

/* Steps that are taken apart at a time. */
static int32_t room_for(size_t bytes, const tfcaps_paired_window *window, int32_t carried) {
    const size_t steps = bytes / TFCAPS_PAIRED_STEP_BYTES;
    const size_t most = carried && steps > TFCAPS_PAIRED_PART ? TFCAPS_PAIRED_PART : steps;
    return most < (size_t)window->steps ? (int32_t)(most & ~(size_t)1) : window->steps;
}

tfcaps_status tfcaps_conv_2d_paired_s8(const tfcaps_context *context, const tfcaps_conv_2d_params *params,
                                       const tfcaps_image_dims *input_dims, const int8_t *input,
                                       const tfcaps_image_dims *kernel_dims, const int32_t *weights,
                                       const tfcaps_image_dims *output_dims, int8_t *output) {
    if (context == NULL || input == NULL || weights == NULL || output == NULL) {
        return TFCAPS_ERROR_NULL;
    }
    size_t need = 0;
    const tfcaps_status status =
        tfcaps_conv_2d_paired_s8_get_buffer_size(params, input_dims, kernel_dims, output_dims, &need);
    if (status != TFCAPS_OK) {
        return status;
    }
    if (context->buf == NULL || context->size < need || (uintptr_t)context->buf % 4 != 0) {
        return TFCAPS_ERROR_SCRATCH;
    }
    const tfcaps_paired_window window = tfcaps_paired_window_of(params, kernel_dims);
    const int32_t filters = output_dims->channels;
    layer conv = {.params = params, .input_dims = input_dims, .input = input, .window = window};
    conv.row = input_dims->width * input_dims->channels;
    conv.words = (uint32_t *)context->buf;
    conv.carried = weights[0];
    conv.room = room_for(context->size, &window, conv.carried);
    conv.run_steps = (window.size + 1) / 2;
    conv.room_runs = conv.room / conv.run_steps;
    conv.run_step = params->dilation_height * conv.row;
    conv.last_whole.y = input_dims->height - 1 - (kernel_dims->height - 1) * params->dilation_height;
    conv.last_whole.x = window.runs_of_row == 1 ? input_dims->width - window.taps : -1;
    conv.filters = filters;
    conv.starts = weights + 1;
    conv.weights = conv.starts + blocks_of(filters) * TFCAPS_PAIRED_SUMS;
    conv.stages = conv.weights + blocks_of(filters) * 2 * window.steps;
    if ((conv.carried & ~1) != 0 || !are_stages(conv.stages, filters)) {
        return TFCAPS_ERROR_RANGE;
    }
    const tfcaps_window columns = tfcaps_conv_2d_columns(params, input_dims, kernel_dims, output_dims);
    const int32_t positions = output_dims->height * output_dims->width;
    for (int32_t batch = 0; batch < input_dims->batches; ++batch) {
        position at[2] = {{-params->padding_top, -params->padding_left}, {0, 0}};
        for (int32_t left = positions; left > 0; left -= 2) {
            at[1] = left > 1 ? after(&columns, params, at[0]) : at[0];
            output_pair(&conv, at, output, left > 1 ? output + filters : output);
            at[0] = after(&columns, params, at[1]);
            output += left > 1 ? 2 * filters : filters;
        }
        conv.input += conv.row * input_dims->height;
    }
    return TFCAPS_OK;
}
