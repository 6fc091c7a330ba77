/* The convolution itself, once its arguments are checked. Private. */
#ifndef TFCAPS_CONVOLVE_H
#define TFCAPS_CONVOLVE_H

#include "tfcaps/nn.h"

/* By blocks of filters and columns (tfcaps_conv_2d_blocks.c), or, where there are vectors, by windows that
 * are copied first (tfcaps_conv_2d_patches.c). Arguments are those of tfcaps_conv_2d_s8. */
void tfcaps_convolve(const tfcaps_conv_2d_params *params, const tfcaps_channel_scales *scales,
                     const tfcaps_image_dims *input_dims, const int8_t *input,
                     const tfcaps_image_dims *kernel_dims, const int8_t *kernel, const int32_t *bias,
                     const tfcaps_image_dims *output_dims, int8_t *output);

#endif
