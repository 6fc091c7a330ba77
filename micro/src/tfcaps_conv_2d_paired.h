/* What the convolution of paired weights and the size of its scratch memory share. Private. */
#ifndef TFCAPS_CONV_2D_PAIRED_H
#define TFCAPS_CONV_2D_PAIRED_H

#include "tfcaps_paired.h"
#include "tfcaps_window.h"

/* Whether all windows lie in the image with all their taps. */
static inline int tfcaps_is_inside(const tfcaps_window *window) {
    return window->padding == 0 &&
           (int64_t)(window->output - 1) * window->stride + (int64_t)(window->taps - 1) * window->dilation <
               window->input;
}

/* Bytes of scratch memory a step: halfwords of both columns, and the bytes they are made of where rows are
 * put together first. */
static inline int32_t tfcaps_conv_2d_paired_step_bytes(const tfcaps_window *rows,
                                                       const tfcaps_window *columns) {
    const int is_plain = columns->dilation == 1 && tfcaps_is_inside(rows) && tfcaps_is_inside(columns);
    return is_plain ? TFCAPS_PAIRED_STEP_BYTES : TFCAPS_PAIRED_STEP_BYTES + 4;
}

#endif
