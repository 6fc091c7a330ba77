#include "tfcaps_conv_2d_check.h"
#include "tfcaps_interleaved.h"

tfcaps_status tfcaps_conv_2d_interleaved_s8_get_buffer_size(const tfcaps_conv_2d_params *params,
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
    if (kernel_dims->batches != output_dims->channels || input_dims->channels != kernel_dims->channels) {
        return TFCAPS_ERROR_DIMS;
    }
    const int64_t filter = (int64_t)kernel_dims->height * kernel_dims->width * kernel_dims->channels;
    const int64_t block = (TFCAPS_INTERLEAVED_FILTERS + 1) * (filter + 1);
    const int64_t blocks = kernel_dims->batches / TFCAPS_INTERLEAVED_FILTERS + 1;
    if (block * blocks > INT32_MAX) {
        return TFCAPS_ERROR_DIMS; /* such weights might have more than 2^31 - 1 bytes */
    }
    const int32_t taps = tfcaps_interleaved_taps(kernel_dims);
    const int32_t least = taps < TFCAPS_INTERLEAVED_ENOUGH ? taps : TFCAPS_INTERLEAVED_ENOUGH;
    *size = (size_t)least * TFCAPS_INTERLEAVED_TAP_BYTES;
    return TFCAPS_OK;
}
