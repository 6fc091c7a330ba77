/* The convolution by CMSIS-NN. Private. */
#ifndef TFCAPS_CONV_2D_S8_CMSIS_NN_H
#define TFCAPS_CONV_2D_S8_CMSIS_NN_H

#include "tfcaps/nn.h"

/* Whether CMSIS-NN has computed the convolution, whose arguments have been checked; if not, nothing of the
 * output counts. Defined only under TFCAPS_USE_CMSIS_NN. */
int tfcaps_conv_2d_s8_cmsis_nn(const tfcaps_context *context, const tfcaps_conv_2d_params *params,
                               const tfcaps_channel_scales *scales, const tfcaps_image_dims *input_dims,
                               const int8_t *input, const tfcaps_image_dims *kernel_dims,
                               const int8_t *kernel, const int32_t *bias,
                               const tfcaps_image_dims *output_dims, int8_t *output);

#endif
