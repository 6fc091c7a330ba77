#include "tfcaps_conv_2d_check.h"
#include "tfcaps_depthwise_rows.h"

/* Whether the multipliers and shifts are such as there can be. */
static int are_stages(const tfcaps_depthwise_layer *layer, const int32_t *stage) {
    for (int32_t channel = layer->output_dims->channels; channel > 0; --channel) {
        if (stage[0] < 0 || stage[2] < 1 || stage[2] > TFCAPS_DEPTHWISE_MOST_SHIFT) {
            return 0;
        }
        stage += layer->channel_words;
    }
    return 1;
}

static const int32_t *laid_out_weights(void *from, const tfcaps_depthwise_layer *layer, int32_t channel) {
    const int32_t *const *weights = from;
    return *weights + channel * layer->channel_words;
}

tfcaps_status tfcaps_depthwise_conv_2d_paired_s8(const tfcaps_context *context,
                                                 const tfcaps_conv_2d_params *params,
                                                 const tfcaps_image_dims *input_dims, const int8_t *input,
                                                 const tfcaps_image_dims *kernel_dims, const int32_t *weights,
                                                 const tfcaps_image_dims *output_dims, int8_t *output) {
    if (context == NULL || input == NULL || weights == NULL || output == NULL) {
        return TFCAPS_ERROR_NULL;
    }
    size_t need = 0;
    const tfcaps_status status =
        tfcaps_depthwise_conv_2d_s8_get_buffer_size(params, input_dims, kernel_dims, output_dims, &need);
    if (status != TFCAPS_OK) {
        return status;
    }
    if (!tfcaps_depthwise_has_form(params, input_dims, kernel_dims)) {
        return TFCAPS_ERROR_DIMS;
    }
    if ((uintptr_t)context->buf % 4 != 0) {
        return TFCAPS_ERROR_SCRATCH;
    }
    tfcaps_depthwise_layer layer;
    tfcaps_depthwise_begin(&layer, params, input_dims, kernel_dims, output_dims, TFCAPS_DEPTHWISE_PLANES);
    if (!are_stages(&layer, weights)) {
        return TFCAPS_ERROR_RANGE;
    }
    tfcaps_depthwise_use_scratch(&layer, context);
    tfcaps_depthwise_run(&layer, input, output, laid_out_weights, &weights);
    return TFCAPS_OK;
}
