/* Sums over the taps of a depthwise convolution, several channels at a time. Private. */
#ifndef TFCAPS_DEPTHWISE_H
#define TFCAPS_DEPTHWISE_H

#include "tfcaps/nn.h"
#include "tfcaps_variant.h"

/* The taps of a window, and the bytes from one to the next. */
typedef struct tfcaps_depthwise_taps {
    int32_t rows;
    int32_t columns;
    int32_t input_row; /* from one row of taps to the next */
    int32_t kernel_row;
    int32_t input_step; /* from one tap of a row to the next */
    int32_t kernel_step;
} tfcaps_depthwise_taps;

/* sums[4 m + n] = bias[n] + kernel n . (input n at column m - zero_point) for four neighbouring channels of
 * the kernel, whose inputs need not be neighbours, at so many columns that lie stride bytes apart. As all
 * sums here, they wrap where the reference overflows. */
void tfcaps_depthwise_4x1(const tfcaps_depthwise_taps *taps, const int8_t *const input[4], int32_t zero_point,
                          int32_t stride, int32_t columns, const int8_t *kernel, const uint32_t bias[4],
                          uint32_t *sums);

/* The same for an even number of columns, inputs that are neighbours too and whose taps lie as far apart as
 * the kernel's, and without a zero point. */
void tfcaps_depthwise_4x2(const tfcaps_depthwise_taps *taps, const int8_t *input, int32_t stride,
                          int32_t columns, const int8_t *kernel, const uint32_t bias[4], uint32_t *sums);

#if defined(TFCAPS_DSP)
/* Whether the convolution, whose arguments have been checked, has been computed by planes; if not, nothing is
 * written. */
int tfcaps_depthwise_by_planes(const tfcaps_conv_2d_params *params, const tfcaps_channel_scales *scales,
                               const tfcaps_image_dims *input_dims, const int8_t *input,
                               const tfcaps_image_dims *kernel_dims, const int8_t *kernel,
                               const int32_t *bias, const tfcaps_image_dims *output_dims, int8_t *output);
#endif

#if defined(TFCAPS_MVE) || defined(TFCAPS_RVV)
#define TFCAPS_DEPTHWISE_CHANNELS 64

/* sums[n] += kernel n . (input n - zero_point) for so many neighbouring channels at one column, where vectors
 * hold channels. sums has room for a multiple of eight. */
void tfcaps_depthwise_channels(const tfcaps_depthwise_taps *taps, const int8_t *input, int32_t zero_point,
                               const int8_t *kernel, int32_t channels, uint32_t *sums);
#endif

#if defined(TFCAPS_MVE)
/* sums[8 m + n] = bias[n] + kernel n . (input n at column m - zero_point) for eight neighbouring channels at
 * an even number of columns that lie stride bytes apart. */
void tfcaps_depthwise_8x2(const tfcaps_depthwise_taps *taps, const int8_t *input, int32_t zero_point,
                          int32_t stride, int32_t columns, const int8_t *kernel, const uint32_t bias[8],
                          uint32_t *sums);
#endif

#endif
