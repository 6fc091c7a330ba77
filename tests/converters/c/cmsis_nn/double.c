/* What the kernels call of CMSIS-NN, as loops that count the calls and fill
 * their buffers with noise.
 *
 * Buffers are those of Helium in kind: a convolution copies a window, a dense
 * layer finds the sums of its kernel's rows and its biases in the buffer, and
 * nowhere else. */
#include <stddef.h>
#include <string.h>

#include "arm_nnfunctions.h"

enum {
    CONVOLVE,
    DEPTHWISE,
    DENSE,
    DENSE_PER_CHANNEL,
    KINDS
};

extern int cmsis_nn_calls[KINDS];
int cmsis_nn_calls[KINDS];

static int64_t divide(int64_t x, int32_t shift) { /* halves away from zero */
    const int64_t half = ((int64_t)1 << shift) >> 1;
    return x < 0 ? -((-x + half) >> shift) : (x + half) >> shift;
}

static int8_t output_of(int32_t sum, int32_t multiplier, int32_t shift, int32_t offset,
                        cmsis_nn_activation limits) {
    const int64_t scaled = shift > 0 ? (int64_t)(int32_t)((uint32_t)sum << shift) : sum;
    const int64_t high = (scaled * multiplier + ((int64_t)1 << 30)) >> 31;
    const int64_t y = divide(high, shift > 0 ? 0 : -shift) + offset;
    return (int8_t)(y < limits.min ? limits.min : y > limits.max ? limits.max : y);
}

static int32_t window_bytes(const cmsis_nn_dims *filter, int32_t channels) {
    return 2 * filter->h * filter->w * channels;
}

/* What differs between kinds of convolutions. */
typedef struct convolution {
    cmsis_nn_tile stride;
    cmsis_nn_tile padding;
    int32_t input_offset;
    int32_t output_offset;
    cmsis_nn_activation activation;
    int32_t channels;    /* of the input that a filter sees */
    int32_t tap_step;    /* bytes from one tap of a filter to the next */
    int32_t filter_step; /* and from one filter to the next */
    int32_t filters;     /* that see the same channels */
} convolution;

/* Filter n at one position. */
static int32_t window_sum(const convolution *of, const cmsis_nn_dims *input_dims, const int8_t *input,
                          const cmsis_nn_dims *filter, const int8_t *weights, int32_t n, int32_t top,
                          int32_t left) {
    const int32_t first = n / of->filters * of->channels;
    int32_t sum = 0;
    for (int32_t y = 0; y < filter->h; ++y) {
        for (int32_t x = 0; x < filter->w; ++x) {
            const int32_t row = top + y;
            const int32_t column = left + x;
            if (row < 0 || row >= input_dims->h || column < 0 || column >= input_dims->w) {
                continue;
            }
            const int8_t *taps = weights + n * of->filter_step + (y * filter->w + x) * of->tap_step;
            for (int32_t c = 0; c < of->channels; ++c) {
                const int8_t value = input[(row * input_dims->w + column) * input_dims->c + first + c];
                sum += (value + of->input_offset) * taps[c];
            }
        }
    }
    return sum;
}

static void convolve(const convolution *of, const cmsis_nn_per_channel_quant_params *quant_params,
                     const cmsis_nn_dims *input_dims, const int8_t *input, const cmsis_nn_dims *filter_dims,
                     const int8_t *weights, const cmsis_nn_dims *bias_dims, const int32_t *bias,
                     const cmsis_nn_dims *output_dims, int8_t *output) {
    for (int32_t row = 0; row < output_dims->h; ++row) {
        for (int32_t column = 0; column < output_dims->w; ++column) {
            const int32_t top = row * of->stride.h - of->padding.h;
            const int32_t left = column * of->stride.w - of->padding.w;
            for (int32_t n = 0; n < bias_dims->c; ++n) {
                const int32_t sum = window_sum(of, input_dims, input, filter_dims, weights, n, top, left);
                *output++ = output_of(bias[n] + sum, quant_params->multiplier[n], quant_params->shift[n],
                                      of->output_offset, of->activation);
            }
        }
    }
}

int32_t arm_convolve_wrapper_s8_get_buffer_size(const cmsis_nn_conv_params *conv_params,
                                                const cmsis_nn_dims *input_dims,
                                                const cmsis_nn_dims *filter_dims,
                                                const cmsis_nn_dims *output_dims) {
    (void)conv_params;
    (void)output_dims;
    return window_bytes(filter_dims, input_dims->c);
}

arm_cmsis_nn_status arm_convolve_wrapper_s8(const cmsis_nn_context *ctx,
                                            const cmsis_nn_conv_params *conv_params,
                                            const cmsis_nn_per_channel_quant_params *quant_params,
                                            const cmsis_nn_dims *input_dims, const int8_t *input_data,
                                            const cmsis_nn_dims *filter_dims, const int8_t *filter_data,
                                            const cmsis_nn_dims *bias_dims, const int32_t *bias_data,
                                            const cmsis_nn_dims *output_dims, int8_t *output_data) {
    ++cmsis_nn_calls[CONVOLVE];
    memset(ctx->buf, 0x55, (size_t)window_bytes(filter_dims, input_dims->c));
    const convolution of = {conv_params->stride,
                            conv_params->padding,
                            conv_params->input_offset,
                            conv_params->output_offset,
                            conv_params->activation,
                            input_dims->c,
                            filter_dims->c,
                            filter_dims->h * filter_dims->w * filter_dims->c,
                            bias_dims->c};
    convolve(&of, quant_params, input_dims, input_data, filter_dims, filter_data, bias_dims, bias_data,
             output_dims, output_data);
    return ARM_CMSIS_NN_SUCCESS;
}

int32_t arm_depthwise_conv_wrapper_s8_get_buffer_size(const cmsis_nn_dw_conv_params *dw_conv_params,
                                                      const cmsis_nn_dims *input_dims,
                                                      const cmsis_nn_dims *filter_dims,
                                                      const cmsis_nn_dims *output_dims) {
    (void)output_dims;
    return dw_conv_params->ch_mult == 1 ? window_bytes(filter_dims, input_dims->c) : 0;
}

arm_cmsis_nn_status arm_depthwise_conv_wrapper_s8(const cmsis_nn_context *ctx,
                                                  const cmsis_nn_dw_conv_params *dw_conv_params,
                                                  const cmsis_nn_per_channel_quant_params *quant_params,
                                                  const cmsis_nn_dims *input_dims, const int8_t *input_data,
                                                  const cmsis_nn_dims *filter_dims, const int8_t *filter_data,
                                                  const cmsis_nn_dims *bias_dims, const int32_t *bias_data,
                                                  const cmsis_nn_dims *output_dims, int8_t *output_data) {
    ++cmsis_nn_calls[DEPTHWISE];
    if (ctx->buf != NULL) {
        memset(ctx->buf, 0x55, (size_t)window_bytes(filter_dims, input_dims->c));
    }
    const convolution of = {dw_conv_params->stride,
                            dw_conv_params->padding,
                            dw_conv_params->input_offset,
                            dw_conv_params->output_offset,
                            dw_conv_params->activation,
                            1,
                            output_dims->c,
                            1,
                            dw_conv_params->ch_mult};
    convolve(&of, quant_params, input_dims, input_data, filter_dims, filter_data, bias_dims, bias_data,
             output_dims, output_data);
    return ARM_CMSIS_NN_SUCCESS;
}

int32_t arm_fully_connected_s8_get_buffer_size(const cmsis_nn_dims *filter_dims) {
    return 4 * filter_dims->c;
}

arm_cmsis_nn_status arm_vector_sum_s8(int32_t *vector_sum_buf, const int32_t vector_cols,
                                      const int32_t vector_rows, const int8_t *vector_data,
                                      const int32_t lhs_offset, const int32_t rhs_offset,
                                      const int32_t *bias_data) {
    for (int32_t n = 0; n < vector_rows; ++n) {
        vector_sum_buf[n] = bias_data[n];
        for (int32_t k = 0; k < vector_cols; ++k) {
            vector_sum_buf[n] += (*vector_data++ + rhs_offset) * lhs_offset;
        }
    }
    return ARM_CMSIS_NN_SUCCESS;
}

static arm_cmsis_nn_status dense(const cmsis_nn_context *ctx, const cmsis_nn_fc_params *fc_params,
                                 const int32_t *multiplier, const int32_t *shift, int32_t scale_step,
                                 const cmsis_nn_dims *input_dims, const int8_t *input,
                                 const cmsis_nn_dims *filter_dims, const int8_t *weights, int8_t *output) {
    const int32_t *sums = ctx->buf;
    for (int32_t row = 0; row < input_dims->n; ++row) {
        for (int32_t n = 0; n < filter_dims->c; ++n) {
            int32_t sum = sums[n];
            for (int32_t k = 0; k < filter_dims->n; ++k) {
                sum += input[row * filter_dims->n + k] * weights[n * filter_dims->n + k];
            }
            *output++ = output_of(sum, multiplier[n * scale_step], shift[n * scale_step],
                                  fc_params->output_offset, fc_params->activation);
        }
    }
    return ARM_CMSIS_NN_SUCCESS;
}

arm_cmsis_nn_status arm_fully_connected_s8(const cmsis_nn_context *ctx, const cmsis_nn_fc_params *fc_params,
                                           const cmsis_nn_per_tensor_quant_params *quant_params,
                                           const cmsis_nn_dims *input_dims, const int8_t *input_data,
                                           const cmsis_nn_dims *filter_dims, const int8_t *filter_data,
                                           const cmsis_nn_dims *bias_dims, const int32_t *bias_data,
                                           const cmsis_nn_dims *output_dims, int8_t *output_data) {
    (void)bias_dims;
    (void)bias_data;
    (void)output_dims;
    ++cmsis_nn_calls[DENSE];
    return dense(ctx, fc_params, &quant_params->multiplier, &quant_params->shift, 0, input_dims, input_data,
                 filter_dims, filter_data, output_data);
}

arm_cmsis_nn_status
arm_fully_connected_per_channel_s8(const cmsis_nn_context *ctx, const cmsis_nn_fc_params *fc_params,
                                   const cmsis_nn_per_channel_quant_params *quant_params,
                                   const cmsis_nn_dims *input_dims, const int8_t *input_data,
                                   const cmsis_nn_dims *filter_dims, const int8_t *filter_data,
                                   const cmsis_nn_dims *bias_dims, const int32_t *bias_data,
                                   const cmsis_nn_dims *output_dims, int8_t *output_data) {
    (void)bias_dims;
    (void)bias_data;
    (void)output_dims;
    ++cmsis_nn_calls[DENSE_PER_CHANNEL];
    return dense(ctx, fc_params, quant_params->multiplier, quant_params->shift, 1, input_dims, input_data,
                 filter_dims, filter_data, output_data);
}
