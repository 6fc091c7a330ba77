/* What the three operators that CMSIS-NN can take share. Private.
 *
 * -DTFCAPS_USE_CMSIS_NN, with CMSIS-NN's Include on the include path and its library linked, hands those
 * operators over, one file an operator, wherever CMSIS-NN computes the same bits and has the buffer that it
 * asks for. All other calls, and all calls without the macro, are our kernels'. */
#ifndef TFCAPS_CMSIS_NN_H
#define TFCAPS_CMSIS_NN_H

#include "tfcaps_conv_2d_check.h"

#if defined(TFCAPS_USE_CMSIS_NN)
#if defined(CMSIS_NN_USE_SINGLE_ROUNDING)
#error "CMSIS_NN_USE_SINGLE_ROUNDING gives other bits than tfcaps and TensorFlow Lite's reference kernels"
#endif
#include "arm_nnfunctions.h"

/* Whether the context holds so many bytes, aligned as CMSIS-NN wants them. */
static inline int tfcaps_cmsis_nn_has_buffer(const tfcaps_context *context, int32_t need) {
    return need == 0 || (need > 0 && context->buf != NULL && context->size >= (size_t)need &&
                         (uintptr_t)context->buf % 8 == 0);
}

static inline cmsis_nn_context tfcaps_cmsis_nn_context(const tfcaps_context *context, int32_t need) {
    const cmsis_nn_context same = {need > 0 ? context->buf : NULL, need};
    return same;
}

static inline cmsis_nn_dims tfcaps_cmsis_nn_dims(const tfcaps_image_dims *dims) {
    const cmsis_nn_dims same = {dims->batches, dims->height, dims->width, dims->channels};
    return same;
}

/* CMSIS-NN's structures are without const, but it only reads the scales. */
static inline cmsis_nn_per_channel_quant_params tfcaps_cmsis_nn_scales(const tfcaps_channel_scales *scales) {
    const cmsis_nn_per_channel_quant_params same = {(int32_t *)scales->multiplier, (int32_t *)scales->shift};
    return same;
}

/* Whether images share bytes: CMSIS-NN may read an input row again after its output has been written. */
static inline int tfcaps_cmsis_nn_overlap(const tfcaps_image_dims *input_dims, const int8_t *input,
                                          const tfcaps_image_dims *output_dims, const int8_t *output) {
    const uintptr_t input_bytes = (uintptr_t)input_dims->height * (uintptr_t)input_dims->width *
                                  (uintptr_t)input_dims->channels * (uintptr_t)input_dims->batches;
    const uintptr_t output_bytes = (uintptr_t)output_dims->height * (uintptr_t)output_dims->width *
                                   (uintptr_t)output_dims->channels * (uintptr_t)output_dims->batches;
    return (uintptr_t)input < (uintptr_t)output + output_bytes &&
           (uintptr_t)output < (uintptr_t)input + input_bytes;
}

/* Whether a window is one of TensorFlow Lite's paddings: behind the image as much as in front, or one more.
 * CMSIS-NN derives the one from the other, for images of one row even where nothing is padded. */
static inline int tfcaps_cmsis_nn_takes_window(const tfcaps_window *window, int is_one_row) {
    const int64_t behind =
        (int64_t)(window->output - 1) * window->stride + window->taps - window->padding - window->input;
    return window->dilation == 1 && window->taps <= window->input && behind <= window->padding + 1 &&
           !(is_one_row && behind < 0);
}

/* Whether CMSIS-NN takes a convolution's windows, a bias and a scale for each channel, of one image; it
 * counts the taps of an output in 16 bits. */
static inline int tfcaps_cmsis_nn_takes_conv_2d(const tfcaps_conv_2d_params *params,
                                                const tfcaps_channel_scales *scales,
                                                const tfcaps_image_dims *input_dims,
                                                const tfcaps_image_dims *kernel_dims, const int32_t *bias,
                                                const tfcaps_image_dims *output_dims, int64_t taps) {
    const tfcaps_window rows = tfcaps_conv_2d_rows(params, input_dims, kernel_dims, output_dims);
    const tfcaps_window columns = tfcaps_conv_2d_columns(params, input_dims, kernel_dims, output_dims);
    return bias != NULL && scales->count == output_dims->channels && input_dims->batches == 1 &&
           taps <= UINT16_MAX && tfcaps_cmsis_nn_takes_window(&rows, 0) &&
           tfcaps_cmsis_nn_takes_window(&columns, input_dims->height == 1);
}

#endif

#endif
