/* The dense layer by CMSIS-NN. Private. */
#ifndef TFCAPS_FULLY_CONNECTED_S8_CMSIS_NN_H
#define TFCAPS_FULLY_CONNECTED_S8_CMSIS_NN_H

#include "tfcaps/nn.h"

/* Whether CMSIS-NN has computed the layer, whose arguments have been checked; if not, nothing of the output
 * counts. Defined only under TFCAPS_USE_CMSIS_NN. */
int tfcaps_fully_connected_s8_cmsis_nn(const tfcaps_context *context,
                                       const tfcaps_fully_connected_params *params,
                                       const tfcaps_channel_scales *scales,
                                       const tfcaps_fully_connected_dims *dims, const int8_t *input,
                                       const int8_t *kernel, const int32_t *bias, int8_t *output);

#endif
