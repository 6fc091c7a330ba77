#include "tfcaps_fully_connected_s8_cmsis_nn.h"
#include "tfcaps_cmsis_nn.h"

#if defined(TFCAPS_USE_CMSIS_NN)

/* With a buffer, CMSIS-NN wants the sums of the kernel's rows in it, biases included. */
static int sum_rows(const cmsis_nn_context *buffer, const tfcaps_fully_connected_dims *dims,
                    const int8_t *kernel, int32_t input_offset, const int32_t *bias) {
    return buffer->buf == NULL || arm_vector_sum_s8(buffer->buf, dims->depth, dims->units, kernel,
                                                    input_offset, 0, bias) == ARM_CMSIS_NN_SUCCESS;
}

int tfcaps_fully_connected_s8_cmsis_nn(const tfcaps_context *context,
                                       const tfcaps_fully_connected_params *params,
                                       const tfcaps_channel_scales *scales,
                                       const tfcaps_fully_connected_dims *dims, const int8_t *input,
                                       const int8_t *kernel, const int32_t *bias, int8_t *output) {
    const cmsis_nn_fc_params dense = {
        .input_offset = -params->input_zero_point,
        .filter_offset = 0,
        .output_offset = params->output_zero_point,
        .activation = {params->activation_min, params->activation_max},
    };
    const cmsis_nn_dims inputs = {dims->rows, 1, 1, dims->depth};
    const cmsis_nn_dims filters = {dims->depth, 1, 1, dims->units};
    const cmsis_nn_dims biases = {1, 1, 1, dims->units};
    const cmsis_nn_dims outputs = {dims->rows, 1, 1, dims->units};
    const int32_t need = arm_fully_connected_s8_get_buffer_size(&filters);
    if (bias == NULL || !tfcaps_cmsis_nn_has_buffer(context, need)) {
        return 0;
    }
    const cmsis_nn_context buffer = tfcaps_cmsis_nn_context(context, need);
    if (!sum_rows(&buffer, dims, kernel, dense.input_offset, bias)) {
        return 0;
    }
    if (scales->count == 1) {
        const cmsis_nn_per_tensor_quant_params quantization = {scales->multiplier[0], scales->shift[0]};
        return arm_fully_connected_s8(&buffer, &dense, &quantization, &inputs, input, &filters, kernel,
                                      &biases, bias, &outputs, output) == ARM_CMSIS_NN_SUCCESS;
    }
    const cmsis_nn_per_channel_quant_params quantization = tfcaps_cmsis_nn_scales(scales);
    return arm_fully_connected_per_channel_s8(&buffer, &dense, &quantization, &inputs, input, &filters,
                                              kernel, &biases, bias, &outputs,
                                              output) == ARM_CMSIS_NN_SUCCESS;
}

#endif
