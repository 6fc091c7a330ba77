#include "tfcaps_conv_2d_s8_cmsis_nn.h"
#include "tfcaps_cmsis_nn.h"

#if defined(TFCAPS_USE_CMSIS_NN)

int tfcaps_conv_2d_s8_cmsis_nn(const tfcaps_context *context, const tfcaps_conv_2d_params *params,
                               const tfcaps_channel_scales *scales, const tfcaps_image_dims *input_dims,
                               const int8_t *input, const tfcaps_image_dims *kernel_dims,
                               const int8_t *kernel, const int32_t *bias,
                               const tfcaps_image_dims *output_dims, int8_t *output) {
    const int64_t taps = (int64_t)kernel_dims->height * kernel_dims->width * kernel_dims->channels;
    if (kernel_dims->channels != input_dims->channels ||
        !tfcaps_cmsis_nn_takes_conv_2d(params, scales, input_dims, kernel_dims, bias, output_dims, taps) ||
        tfcaps_cmsis_nn_overlap(input_dims, input, output_dims, output)) {
        return 0;
    }
    const cmsis_nn_conv_params conv = {
        .input_offset = -params->input_zero_point,
        .output_offset = params->output_zero_point,
        .stride = {params->stride_width, params->stride_height},
        .padding = {params->padding_left, params->padding_top},
        .dilation = {1, 1},
        .activation = {params->activation_min, params->activation_max},
    };
    const cmsis_nn_per_channel_quant_params quantization = tfcaps_cmsis_nn_scales(scales);
    const cmsis_nn_dims inputs = tfcaps_cmsis_nn_dims(input_dims);
    const cmsis_nn_dims filters = tfcaps_cmsis_nn_dims(kernel_dims);
    const cmsis_nn_dims biases = {1, 1, 1, output_dims->channels};
    const cmsis_nn_dims outputs = tfcaps_cmsis_nn_dims(output_dims);
    const int32_t need = arm_convolve_wrapper_s8_get_buffer_size(&conv, &inputs, &filters, &outputs);
    if (!tfcaps_cmsis_nn_has_buffer(context, need)) {
        return 0;
    }
    const cmsis_nn_context buffer = tfcaps_cmsis_nn_context(context, need);
    return arm_convolve_wrapper_s8(&buffer, &conv, &quantization, &inputs, input, &filters, kernel, &biases,
                                   bias, &outputs, output) == ARM_CMSIS_NN_SUCCESS;
}

#endif
