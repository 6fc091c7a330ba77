#include "tfcaps/nn.h"
#include "tfcaps_conv_2d_s8_cmsis_nn.h"
#include "tfcaps_convolve.h"
#include "tfcaps_multiply.h"

tfcaps_status tfcaps_conv_2d_s8(const tfcaps_context *context, const tfcaps_conv_2d_params *params,
                                const tfcaps_channel_scales *scales, const tfcaps_image_dims *input_dims,
                                const int8_t *input, const tfcaps_image_dims *kernel_dims,
                                const int8_t *kernel, const int32_t *bias,
                                const tfcaps_image_dims *output_dims, int8_t *output) {
    if (context == NULL || input == NULL || kernel == NULL || output == NULL) {
        return TFCAPS_ERROR_NULL;
    }
    size_t need = 0;
    tfcaps_status status =
        tfcaps_conv_2d_s8_get_buffer_size(params, input_dims, kernel_dims, output_dims, &need);
    if (status == TFCAPS_OK) {
        status = tfcaps_check_scales(scales, output_dims->channels);
    }
    if (status != TFCAPS_OK) {
        return status;
    }
#if defined(TFCAPS_USE_CMSIS_NN)
    if (tfcaps_conv_2d_s8_cmsis_nn(context, params, scales, input_dims, input, kernel_dims, kernel, bias,
                                   output_dims, output)) {
        return TFCAPS_OK;
    }
#endif
    tfcaps_convolve(params, scales, input_dims, input, kernel_dims, kernel, bias, output_dims, output);
    return TFCAPS_OK;
}
