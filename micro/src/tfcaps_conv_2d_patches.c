#include "tfcaps_patches.h"

#if defined(TFCAPS_MVE) || defined(TFCAPS_RVV)

#include "tfcaps_conv_2d_check.h"
#include "tfcaps_convolve.h"
#include "tfcaps_noinline.h"
#include "tfcaps_requantize.h"

enum {
    MOST_OFFSETS = 128, /* taps of a window that is gathered byte by byte */
    MOST_FOLDED = 128   /* filters whose biases are kept with the input's zero point folded in */
};

/* What stays the same for the whole convolution. */
typedef struct layer {
    const tfcaps_conv_2d_params *params;
    tfcaps_output_stage stage;
    tfcaps_window rows;
    tfcaps_window columns;
    const int8_t *kernel;
    const int32_t *bias;
    int32_t filters;     /* of one group */
    int32_t channels;    /* of all groups */
    int32_t depth;       /* input channels of one group */
    int32_t pixel;       /* bytes of an input pixel */
    int32_t row;         /* bytes of an input row */
    int32_t kernel_row;  /* bytes of a row of a filter */
    int32_t kernel_size; /* bytes of a filter */
    int32_t run;         /* bytes that lie side by side in a row of a filter and in the input */
    int32_t gathered;    /* whether windows that no edge cuts are copied by offsets */
    uint16_t *offsets;   /* [MOST_OFFSETS] */
    uint32_t *folded;    /* [MOST_FOLDED] of filters folded_first ... folded_end - 1 */
    int32_t folded_first;
    int32_t folded_end;
} layer;

/* Where the next window is. */
typedef struct position {
    int32_t row;
    int32_t column;
    tfcaps_taps y;
} position;

static position start_of_row(const layer *conv, int32_t row) {
    const position start = {row, 0, tfcaps_window_taps(&conv->rows, row)};
    return start;
}

static void advance(const layer *conv, position *at) {
    ++at->column;
    if (at->column == conv->columns.output) {
        at->column = 0;
        ++at->row;
        if (at->row < conv->rows.output) {
            at->y = tfcaps_window_taps(&conv->rows, at->row);
        }
    }
}

/* Bytes first ... end - 1 of a window that no edge cuts and whose rows lie in one piece each. window is at
 * its first byte. */
static void copy_rows(const layer *conv, const int8_t *window, int32_t first, int32_t end, int8_t *column) {
    const int32_t step = conv->params->dilation_height * conv->row;
    const int32_t ky = first / conv->kernel_row;
    int32_t in_row = first - ky * conv->kernel_row;
    const int8_t *row = window + ky * step;
    for (int32_t at = first; at < end;) {
        int32_t size = conv->kernel_row - in_row;
        size = size < end - at ? size : end - at;
        tfcaps_patch_copy(column, at - first, row + in_row, size);
        at += size;
        in_row = 0;
        row += step;
    }
}

/* Bytes first ... end - 1 of any window, in the filters' order, into a column of the patch. image is at the
 * group's first channel. */
static TFCAPS_NOINLINE void copy_window(const layer *conv, const int8_t *image, tfcaps_taps y, tfcaps_taps x,
                                        int32_t first, int32_t end, int8_t *column) {
    const tfcaps_conv_2d_params *params = conv->params;
    const int32_t inside = x.first * conv->depth; /* bytes of a kernel's row that lie in the image */
    const int32_t outside = x.end * conv->depth;
    int32_t ky = first / conv->kernel_row;
    int32_t in_row = first - ky * conv->kernel_row;
    int32_t run = in_row / conv->run;
    int32_t in_run = in_row - run * conv->run;
    int32_t at = first;
    while (at < end) {
        int32_t size = conv->run - in_run;
        size = size < end - at ? size : end - at;
        int32_t begin = in_row > inside ? in_row : inside;
        int32_t stop = in_row + size < outside ? in_row + size : outside;
        if (ky < y.first || ky >= y.end || begin >= stop) {
            begin = stop = in_row + size;
        } else {
            const int8_t *source = image + (y.input + ky * params->dilation_height) * conv->row +
                                   (x.input + run * params->dilation_width) * conv->pixel + in_run +
                                   (begin - in_row);
            tfcaps_patch_copy(column, at - first + begin - in_row, source, stop - begin);
        }
        if (begin > in_row) {
            tfcaps_patch_fill(column, at - first, params->input_zero_point, begin - in_row);
        }
        if (stop < in_row + size) {
            tfcaps_patch_fill(column, at - first + stop - in_row, params->input_zero_point,
                              in_row + size - stop);
        }
        at += size;
        in_row += size;
        in_run = 0;
        ++run;
        if (in_row == conv->kernel_row) {
            in_row = 0;
            run = 0;
            ++ky;
        }
    }
}

/* Such bytes of count windows from position on; where the next one is. */
static position copy_windows(const layer *conv, const int8_t *image, position at, int32_t count,
                             int32_t first, int32_t end, int8_t *patch) {
    for (int32_t n = 0; n < count; ++n) {
        const tfcaps_taps x = tfcaps_window_taps(&conv->columns, at.column);
        int8_t *column = patch + n * TFCAPS_PATCH_UNIT;
        const int whole = x.end - x.first == conv->columns.taps && at.y.end - at.y.first == conv->rows.taps;
        if (whole && conv->gathered) {
            tfcaps_patch_gather(column, image + at.y.input * conv->row + x.input * conv->pixel, conv->offsets,
                                conv->kernel_size);
        } else if (whole && conv->run == conv->kernel_row) {
            copy_rows(conv, image + at.y.input * conv->row + x.input * conv->pixel, first, end, column);
        } else {
            copy_window(conv, image, at.y, x, first, end, column);
        }
        advance(conv, &at);
    }
    return at;
}

/* The offsets of a window's bytes, if they fit. */
static void find_offsets(layer *conv) {
    const tfcaps_conv_2d_params *params = conv->params;
    const int64_t last = (int64_t)(conv->rows.taps - 1) * params->dilation_height * conv->row +
                         (int64_t)(conv->columns.taps - 1) * params->dilation_width * conv->pixel +
                         conv->depth - 1;
    conv->gathered = conv->kernel_size <= MOST_OFFSETS && conv->run < 64 && last <= UINT16_MAX;
    if (!conv->gathered) {
        return;
    }
    int32_t n = 0;
    for (int32_t ky = 0; ky < conv->rows.taps; ++ky) {
        for (int32_t kx = 0; kx < conv->columns.taps; ++kx) {
            const int32_t tap =
                ky * params->dilation_height * conv->row + kx * params->dilation_width * conv->pixel;
            for (int32_t channel = 0; channel < conv->depth; ++channel) {
                conv->offsets[n++] = (uint16_t)(tap + channel);
            }
        }
    }
    for (; n % TFCAPS_PATCH_GATHERED != 0; ++n) {
        conv->offsets[n] = 0;
    }
}

/* What the sums of filters start with from number first on: the bias, and what the input's zero point adds.
 */
static const uint32_t *fold_bias(layer *conv, int32_t first, int32_t count) {
    if (first < conv->folded_first || first + count > conv->folded_end) {
        const int32_t left = conv->channels - first;
        const int8_t *kernel = conv->kernel + first * conv->kernel_size;
        const uint32_t zero_point = (uint32_t)conv->params->input_zero_point;
        conv->folded_first = first;
        conv->folded_end = left < MOST_FOLDED ? conv->channels : first + MOST_FOLDED;
        for (int32_t n = first; n < conv->folded_end; ++n) {
            uint32_t folded = conv->bias == NULL ? 0 : (uint32_t)conv->bias[n];
            if (zero_point != 0) {
                folded -= zero_point * tfcaps_byte_sum(kernel, conv->kernel_size);
                kernel += conv->kernel_size;
            }
            conv->folded[n - first] = folded;
        }
    }
    return conv->folded + (first - conv->folded_first);
}

/* filters from number first on, at TFCAPS_PATCH_COLUMNS windows or fewer; where the next window is. */
static position output_windows(const layer *conv, const int8_t *image, position at, int32_t windows,
                               int32_t first, int32_t filters, const uint32_t *folded, int8_t *output) {
    uint32_t sums[TFCAPS_PATCH_COLUMNS * TFCAPS_PATCH_FILTERS];
    int8_t patch[TFCAPS_PATCH_COLUMNS * TFCAPS_PATCH_PIECE];
    tfcaps_patch_start(folded, filters, sums);
    const int8_t *kernel = conv->kernel + first * conv->kernel_size;
    position next = at;
    for (int32_t start = 0; start < conv->kernel_size; start += TFCAPS_PATCH_PIECE) {
        const int32_t left = conv->kernel_size - start;
        const int32_t size = left < TFCAPS_PATCH_PIECE ? left : TFCAPS_PATCH_PIECE;
        next = copy_windows(conv, image, at, windows, start, start + size, patch);
        tfcaps_patch_dots(patch, size, kernel + start, conv->kernel_size, filters, sums);
    }
    tfcaps_patch_outputs(&conv->stage, first, filters, windows, sums, output + first, conv->channels);
    return next;
}

/* All channels of so many windows, which begin with an output row. */
static void output_span(layer *conv, const int8_t *image, int32_t row, int32_t windows, int8_t *output) {
    for (int32_t first = 0; first < conv->channels;) {
        const int32_t group = first / conv->filters;
        const int32_t left = (group + 1) * conv->filters - first;
        const int32_t filters = left < TFCAPS_PATCH_FILTERS ? left : TFCAPS_PATCH_FILTERS;
        const uint32_t *folded = fold_bias(conv, first, filters);
        position at = start_of_row(conv, row);
        for (int32_t n = 0; n < windows; n += TFCAPS_PATCH_COLUMNS) {
            const int32_t count = windows - n < TFCAPS_PATCH_COLUMNS ? windows - n : TFCAPS_PATCH_COLUMNS;
            at = output_windows(conv, image + group * conv->depth, at, count, first, filters, folded,
                                output + n * conv->channels);
        }
        first += filters;
    }
}

void tfcaps_convolve(const tfcaps_conv_2d_params *params, const tfcaps_channel_scales *scales,
                     const tfcaps_image_dims *input_dims, const int8_t *input,
                     const tfcaps_image_dims *kernel_dims, const int8_t *kernel, const int32_t *bias,
                     const tfcaps_image_dims *output_dims, int8_t *output) {
    uint16_t offsets[MOST_OFFSETS];
    uint32_t folded[MOST_FOLDED];
    layer conv = {.params = params, .kernel = kernel, .bias = bias, .offsets = offsets, .folded = folded};
    const tfcaps_output_stage stage = {scales, params->output_zero_point, params->activation_min,
                                       params->activation_max};
    conv.stage = stage;
    conv.rows = tfcaps_conv_2d_rows(params, input_dims, kernel_dims, output_dims);
    conv.columns = tfcaps_conv_2d_columns(params, input_dims, kernel_dims, output_dims);
    conv.channels = output_dims->channels;
    conv.depth = kernel_dims->channels;
    conv.filters = conv.channels / (input_dims->channels / conv.depth);
    conv.pixel = input_dims->channels;
    conv.row = conv.pixel * input_dims->width;
    conv.kernel_row = conv.depth * kernel_dims->width;
    conv.kernel_size = conv.kernel_row * kernel_dims->height;
    conv.run = conv.depth == conv.pixel && params->dilation_width == 1 ? conv.kernel_row : conv.depth;
    find_offsets(&conv);
    /* Windows of the next row may join those of this one only where each is read once, so that nothing of an
     * input row is read after outputs of a row have been written that may lie in its place. */
    const int once = conv.channels == conv.filters && conv.filters <= TFCAPS_PATCH_FILTERS;
    const int32_t span = once ? output_dims->height : 1;
    const int32_t windows = span * output_dims->width;
    for (int32_t batch = 0; batch < input_dims->batches; ++batch) {
        for (int32_t row = 0; row < output_dims->height; row += span) {
            output_span(&conv, input, row, windows, output);
            output += windows * conv.channels;
        }
        input += conv.row * input_dims->height;
    }
}

#endif
