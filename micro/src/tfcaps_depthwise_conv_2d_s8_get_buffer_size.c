#include "tfcaps_conv_2d_check.h"

tfcaps_status tfcaps_depthwise_conv_2d_s8_get_buffer_size(const tfcaps_conv_2d_params *params,
                                                          const tfcaps_image_dims *input_dims,
                                                          const tfcaps_image_dims *kernel_dims,
                                                          const tfcaps_image_dims *output_dims,
                                                          size_t *size) {
    if (size == NULL) {
        return TFCAPS_ERROR_NULL;
    }
    const tfcaps_status status = tfcaps_check_conv_2d(params, input_dims, kernel_dims, output_dims);
    if (status != TFCAPS_OK) {
        return status;
    }
    if (kernel_dims->batches != 1 || kernel_dims->channels != output_dims->channels ||
        output_dims->channels % input_dims->channels != 0) {
        return TFCAPS_ERROR_DIMS;
    }
    *size = 0; /* the portable kernel adds up a few channels at a time on the stack */
    return TFCAPS_OK;
}
