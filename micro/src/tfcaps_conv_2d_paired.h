/* What the convolution of paired weights and the size of its scratch memory share. Private. */
#ifndef TFCAPS_CONV_2D_PAIRED_H
#define TFCAPS_CONV_2D_PAIRED_H

#include "tfcaps_paired.h"
#include "tfcaps_window.h"

/* What follows from the shapes of a layer. */
typedef struct tfcaps_conv_2d_paired_plan {
    tfcaps_paired_window window;
    int32_t steps;     /* of a window */
    int32_t is_inside; /* whether all windows lie in the image, their taps side by side */
    size_t need;       /* bytes of scratch memory */
} tfcaps_conv_2d_paired_plan;

/* Bytes of scratch memory a step: halfwords of both columns, and the bytes they are made of where rows are
 * put together first. */
static inline size_t tfcaps_conv_2d_paired_step_bytes(const tfcaps_conv_2d_paired_plan *plan) {
    return plan->is_inside ? TFCAPS_PAIRED_STEP_BYTES : TFCAPS_PAIRED_STEP_BYTES + 4;
}

/* That, or what is wrong with the arguments. */
tfcaps_status tfcaps_conv_2d_paired_plan_of(const tfcaps_conv_2d_params *params,
                                            const tfcaps_image_dims *input_dims,
                                            const tfcaps_image_dims *kernel_dims,
                                            const tfcaps_image_dims *output_dims,
                                            tfcaps_conv_2d_paired_plan *plan);

#endif
