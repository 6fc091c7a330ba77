/* The taps of a convolution's window as runs of bytes that lie side by side, in a filter and in the input.
 * Private. */
#ifndef TFCAPS_TAP_RUNS_H
#define TFCAPS_TAP_RUNS_H

#include "tfcaps/nn.h"
#include "tfcaps_dot_block.h"

/* Bytes of a layer's parts. */
typedef struct tfcaps_tap_bytes {
    int32_t depth; /* of a pixel in the input that counts for a filter: those of its group */
    int32_t pixel; /* of a whole one */
    int32_t row;   /* of the input */
    int32_t kernel_pixel;
    int32_t kernel_row;
} tfcaps_tap_bytes;

/* Rows of runs. */
typedef struct tfcaps_tap_runs {
    int32_t rows;
    int32_t row_step;     /* bytes between two of them in the input */
    tfcaps_dot_rows runs; /* of one row, or of all: then rows is 1 */
} tfcaps_tap_runs;

/* Those of a window of so many rows and columns of taps. */
static inline tfcaps_tap_runs tfcaps_tap_runs_of(const tfcaps_conv_2d_params *params,
                                                 const tfcaps_tap_bytes *bytes, int32_t rows,
                                                 int32_t columns) {
    tfcaps_tap_runs window = {rows, 0, {columns, bytes->depth, 0, bytes->kernel_pixel}};
    if (rows > 1) { /* else the product may not fit */
        window.row_step = params->dilation_height * bytes->row;
    }
    if (columns > 1) {
        window.runs.input_step = params->dilation_width * bytes->pixel;
    }
    if (bytes->depth == bytes->pixel && params->dilation_width == 1) {
        const tfcaps_dot_rows all = {rows, columns * bytes->depth, window.row_step, bytes->kernel_row};
        window.rows = 1;
        window.runs = all;
    }
    return window;
}

#endif
