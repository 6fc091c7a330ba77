/* TensorFlow Lite's builtin operators for int8 networks in portable C99: the manual.
 *
 *     const tfcaps_conv_2d_params params = {.stride_height = 2, .stride_width = 2, ...};
 *     const tfcaps_channel_scales scales = {16, multiplier, shift};
 *     const tfcaps_image_dims input_dims = {1, 28, 28, 1}, kernel_dims = {16, 7, 7, 1}, ...;
 *     status = tfcaps_conv_2d_s8(&context, &params, &scales, &input_dims, input, &kernel_dims, kernel, bias,
 *                                &output_dims, output);
 *
 * The results are those of TensorFlow Lite Micro's reference kernels, bit for bit. As in tfcaps/kernels.h:
 * every function checks its arguments first, and on anything but TFCAPS_OK has written nothing; no function
 * allocates, uses floating point, keeps state or needs more of the C library than string.h; tensors are dense
 * and row-major.
 *
 * Multiplier and shift are TensorFlow Lite's: they stand for multiplier / 2^31 * 2^shift, so a positive shift
 * is one to the left. Products are rounded twice: the high half first, halves up, then the shift right,
 * halves away from zero. Zero points are the tensors' own, not negated. activation_min and activation_max
 * limit the output; both are int8 and hold its zero point already.
 *
 * Memory shared by input and output. Where nothing is said here, input and output must not overlap.
 *
 * In place: the output may lie at the very address of an input of the output's size in lookup, softmax, add,
 * sub, mul, maximum and minimum. The other input of the last five must not overlap the output, unless it is
 * at that address too.
 *
 * tfcaps_gather_s8 may write to the address of its input if outer is 1 and every index is larger than the
 * one before.
 *
 * In order: convolutions and pools write the output row by row, from top to bottom and image by image. From
 * the moment anything of output row y is written, no input row above first(y) is read, with
 *
 *     first(y) = max(0, y * stride_height - padding_top)
 *
 * so the output of one image may begin L bytes before the input, and overlap it, for rows of output_row and
 * input_row bytes and
 *
 *     L = the largest (y + 1) * output_row - first(y) * input_row over all y
 *
 * Tensors have at most 2^31 - 1 bytes.
 *
 * No code: RESHAPE, SQUEEZE and EXPAND_DIMS change nothing. MEAN is tfcaps_sum_s8. LOGISTIC, TANH,
 * HARD_SWISH, LEAKY_RELU, RELU, RELU6 and QUANTIZE from int8 to int8 are tfcaps_lookup_s8.
 */
#ifndef TFCAPS_NN_H
#define TFCAPS_NN_H

#include "tfcaps/kernels.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
    TFCAPS_MAX_RANK = 6,
    TFCAPS_MAX_EXTENT = 65535, /* of an image's or window's height, width and channels, and of a stride */
    TFCAPS_MAX_SOFTMAX_DEPTH = 4095, /* up to which the sum of the exponentials fits */
    TFCAPS_LOOKUP_SIZE = 256,
};

/* Any tensor of up to six dimensions; rank 0 is one value. */
typedef struct tfcaps_shape {
    int32_t rank;
    int32_t size[TFCAPS_MAX_RANK]; /* each >= 1; those from rank on mean nothing */
} tfcaps_shape;

/* Images [batches, height, width, channels], each 1 ... TFCAPS_MAX_EXTENT. Kernels have filters for batches.
 */
typedef struct tfcaps_image_dims {
    int32_t batches;
    int32_t height;
    int32_t width;
    int32_t channels;
} tfcaps_image_dims;

/* One scale for each output channel, or one for all of them. */
typedef struct tfcaps_channel_scales {
    int32_t count;             /* output channels, or 1 */
    const int32_t *multiplier; /* each >= 0 */
    const int32_t *shift;      /* each -31 ... 30 */
} tfcaps_channel_scales;

/* --- Convolutions --- */

typedef struct tfcaps_conv_2d_params {
    int32_t stride_height; /* 1 ... TFCAPS_MAX_EXTENT, as the next three */
    int32_t stride_width;
    int32_t dilation_height;
    int32_t dilation_width;
    int32_t padding_top; /* less than the dilated kernel's height; what is padded below follows from the
                            output's */
    int32_t padding_left;
    int32_t input_zero_point; /* -128 ... 127, as all below */
    int32_t output_zero_point;
    int32_t activation_min;
    int32_t activation_max;
} tfcaps_conv_2d_params;

/* Scratch that tfcaps_conv_2d_s8 needs; with 0 bytes the context's buf may be NULL. */
tfcaps_status tfcaps_conv_2d_s8_get_buffer_size(const tfcaps_conv_2d_params *params,
                                                const tfcaps_image_dims *input_dims,
                                                const tfcaps_image_dims *kernel_dims,
                                                const tfcaps_image_dims *output_dims, size_t *size);

/* kernel [filters, height, width, input channels / groups], bias [filters] or NULL. The number of groups
 * follows from the channels; each group has as many filters. */
tfcaps_status tfcaps_conv_2d_s8(const tfcaps_context *context, const tfcaps_conv_2d_params *params,
                                const tfcaps_channel_scales *scales, const tfcaps_image_dims *input_dims,
                                const int8_t *input, const tfcaps_image_dims *kernel_dims,
                                const int8_t *kernel, const int32_t *bias,
                                const tfcaps_image_dims *output_dims, int8_t *output);

/* Scratch that tfcaps_conv_2d_paired_s8 needs; with more it is quicker: up to 4 bytes a tap, 6 where windows
 * leave the image or are dilated in width. Aligned to 4. */
tfcaps_status tfcaps_conv_2d_paired_s8_get_buffer_size(const tfcaps_conv_2d_params *params,
                                                       const tfcaps_image_dims *input_dims,
                                                       const tfcaps_image_dims *kernel_dims,
                                                       const tfcaps_image_dims *output_dims, size_t *size);

/* The same convolution, without groups, of weights that lie in pairs: quicker with packed halfwords. weights
 * hold biases, multipliers, shifts and the output's zero point too; `tfcaps compile --layout paired` lays
 * them out, and tfcaps_paired.h says how. The output may share memory with the input if bytes are written
 * only after they have been read: outputs of two positions at a time, in reading order, are written while
 * their windows are read, and windows before them are not read any more. */
tfcaps_status tfcaps_conv_2d_paired_s8(const tfcaps_context *context, const tfcaps_conv_2d_params *params,
                                       const tfcaps_image_dims *input_dims, const int8_t *input,
                                       const tfcaps_image_dims *kernel_dims, const int32_t *weights,
                                       const tfcaps_image_dims *output_dims, int8_t *output);

/* Scratch that tfcaps_conv_2d_interleaved_s8 needs; with more it is quicker: up to 8 bytes a tap, an odd one
 * more counted. Aligned to 4. */
tfcaps_status tfcaps_conv_2d_interleaved_s8_get_buffer_size(const tfcaps_conv_2d_params *params,
                                                            const tfcaps_image_dims *input_dims,
                                                            const tfcaps_image_dims *kernel_dims,
                                                            const tfcaps_image_dims *output_dims,
                                                            size_t *size);

/* The same convolution, without groups, of weights that lie four filters side by side: quicker on 32-bit
 * RISC-V. `tfcaps compile --layout interleaved` lays the weights out where they suit it, and
 * tfcaps_interleaved.h says how. bias [filters] holds the input's zero point already: less zero point * sum
 * of the filter. The output lies relative to the input as in tfcaps_conv_2d_paired_s8, with four positions in
 * place of two. */
tfcaps_status tfcaps_conv_2d_interleaved_s8(
    const tfcaps_context *context, const tfcaps_conv_2d_params *params, const tfcaps_channel_scales *scales,
    const tfcaps_image_dims *input_dims, const int8_t *input, const tfcaps_image_dims *kernel_dims,
    const int8_t *weights, const int32_t *bias, const tfcaps_image_dims *output_dims, int8_t *output);

/* Scratch that tfcaps_depthwise_conv_2d_s8 needs; with 0 bytes the context's buf may be NULL. */
tfcaps_status tfcaps_depthwise_conv_2d_s8_get_buffer_size(const tfcaps_conv_2d_params *params,
                                                          const tfcaps_image_dims *input_dims,
                                                          const tfcaps_image_dims *kernel_dims,
                                                          const tfcaps_image_dims *output_dims, size_t *size);

/* kernel [1, height, width, input channels * multiplier], bias [input channels * multiplier] or NULL. */
tfcaps_status tfcaps_depthwise_conv_2d_s8(const tfcaps_context *context, const tfcaps_conv_2d_params *params,
                                          const tfcaps_channel_scales *scales,
                                          const tfcaps_image_dims *input_dims, const int8_t *input,
                                          const tfcaps_image_dims *kernel_dims, const int8_t *kernel,
                                          const int32_t *bias, const tfcaps_image_dims *output_dims,
                                          int8_t *output);

/* The same convolution of weights that lie in pairs: quicker with packed halfwords. Windows of at most 5 x 5
 * taps, at strides 1 and 2 and without dilation along the width, of at least 4 input channels. It needs no
 * scratch, with 0 bytes the context's buf may be NULL; with scratch for its planes, aligned to 4, it is
 * quicker. weights hold biases, multipliers, shifts and the output's zero point too; `tfcaps compile --layout
 * paired` lays them out, and tfcaps_depthwise_paired.h says how. The output lies relative to the input as in
 * tfcaps_conv_2d_s8. */
tfcaps_status tfcaps_depthwise_conv_2d_paired_s8(const tfcaps_context *context,
                                                 const tfcaps_conv_2d_params *params,
                                                 const tfcaps_image_dims *input_dims, const int8_t *input,
                                                 const tfcaps_image_dims *kernel_dims, const int32_t *weights,
                                                 const tfcaps_image_dims *output_dims, int8_t *output);

/* --- Dense layer --- */

typedef struct tfcaps_fully_connected_params {
    int32_t input_zero_point; /* -128 ... 127, as all below */
    int32_t output_zero_point;
    int32_t activation_min;
    int32_t activation_max;
} tfcaps_fully_connected_params;

typedef struct tfcaps_fully_connected_dims {
    int32_t rows;  /* >= 1 */
    int32_t depth; /* values of an input row, >= 1 */
    int32_t units; /* values of an output row, >= 1 */
} tfcaps_fully_connected_dims;

/* Scratch that tfcaps_fully_connected_s8 needs; with 0 bytes the context's buf may be NULL. */
tfcaps_status tfcaps_fully_connected_s8_get_buffer_size(const tfcaps_fully_connected_dims *dims,
                                                        size_t *size);

/* input [rows, depth], kernel [units, depth], bias [units] or NULL, output [rows, units]. */
tfcaps_status tfcaps_fully_connected_s8(const tfcaps_context *context,
                                        const tfcaps_fully_connected_params *params,
                                        const tfcaps_channel_scales *scales,
                                        const tfcaps_fully_connected_dims *dims, const int8_t *input,
                                        const int8_t *kernel, const int32_t *bias, int8_t *output);

/* --- Pools: input and output share scale and zero point, and the padding does not count. --- */

typedef struct tfcaps_pool_2d_params {
    int32_t filter_height; /* 1 ... TFCAPS_MAX_EXTENT, as the next three */
    int32_t filter_width;
    int32_t stride_height;
    int32_t stride_width;
    int32_t padding_top;  /* less than filter_height */
    int32_t padding_left; /* less than filter_width */
    int32_t activation_min;
    int32_t activation_max;
} tfcaps_pool_2d_params;

tfcaps_status tfcaps_max_pool_2d_s8(const tfcaps_pool_2d_params *params, const tfcaps_image_dims *input_dims,
                                    const int8_t *input, const tfcaps_image_dims *output_dims,
                                    int8_t *output);

/* At most 2^24 - 1 pixels of an image are in a window. */
tfcaps_status tfcaps_average_pool_2d_s8(const tfcaps_pool_2d_params *params,
                                        const tfcaps_image_dims *input_dims, const int8_t *input,
                                        const tfcaps_image_dims *output_dims, int8_t *output);

/* --- Two inputs, broadcast to the output's shape: aligned at the last dimension, sizes equal or 1. --- */

typedef struct tfcaps_add_params {
    int32_t left_shift;        /* 0 ... 22; TensorFlow Lite's is 20 */
    int32_t input1_zero_point; /* -128 ... 127 */
    int32_t input1_multiplier; /* >= 0 */
    int32_t input1_shift;      /* -31 ... 0 */
    int32_t input2_zero_point;
    int32_t input2_multiplier;
    int32_t input2_shift;
    int32_t output_zero_point;
    int32_t output_multiplier;
    int32_t output_shift; /* -31 ... 30 */
    int32_t activation_min;
    int32_t activation_max;
} tfcaps_add_params;

tfcaps_status tfcaps_add_s8(const tfcaps_add_params *params, const tfcaps_shape *input1_shape,
                            const int8_t *input1, const tfcaps_shape *input2_shape, const int8_t *input2,
                            const tfcaps_shape *output_shape, int8_t *output);

/* input1 - input2 */
tfcaps_status tfcaps_sub_s8(const tfcaps_add_params *params, const tfcaps_shape *input1_shape,
                            const int8_t *input1, const tfcaps_shape *input2_shape, const int8_t *input2,
                            const tfcaps_shape *output_shape, int8_t *output);

typedef struct tfcaps_mul_params {
    int32_t input1_zero_point; /* -128 ... 127 */
    int32_t input2_zero_point;
    int32_t output_zero_point;
    int32_t output_multiplier; /* >= 0 */
    int32_t output_shift;      /* -31 ... 30 */
    int32_t activation_min;
    int32_t activation_max;
} tfcaps_mul_params;

tfcaps_status tfcaps_mul_s8(const tfcaps_mul_params *params, const tfcaps_shape *input1_shape,
                            const int8_t *input1, const tfcaps_shape *input2_shape, const int8_t *input2,
                            const tfcaps_shape *output_shape, int8_t *output);

/* All three tensors share scale and zero point. */
tfcaps_status tfcaps_maximum_s8(const tfcaps_shape *input1_shape, const int8_t *input1,
                                const tfcaps_shape *input2_shape, const int8_t *input2,
                                const tfcaps_shape *output_shape, int8_t *output);

tfcaps_status tfcaps_minimum_s8(const tfcaps_shape *input1_shape, const int8_t *input1,
                                const tfcaps_shape *input2_shape, const int8_t *input2,
                                const tfcaps_shape *output_shape, int8_t *output);

/* --- One input, value by value: output = table[input + 128]. --- */

/* table [256], size >= 0 */
tfcaps_status tfcaps_lookup_s8(const int8_t *table, int32_t size, const int8_t *input, int8_t *output);

/* --- Softmax over rows. Output scale 1/256, zero point -128. --- */

typedef struct tfcaps_softmax_params {
    const int32_t
        *exp_table; /* [256], each >= 0: exp(-n * input scale * beta) in Q31, 0 where it does not count */
} tfcaps_softmax_params;

typedef struct tfcaps_softmax_dims {
    int32_t rows;  /* >= 1 */
    int32_t depth; /* 1 ... TFCAPS_MAX_SOFTMAX_DEPTH */
} tfcaps_softmax_dims;

/* exp_table[0] must be at least 2^30: a row's largest value has an exponential of 1. */
tfcaps_status tfcaps_softmax_s8(const tfcaps_softmax_params *params, const tfcaps_softmax_dims *dims,
                                const int8_t *input, int8_t *output);

/* --- SUM and, with the multiplier divided by the number of values, MEAN --- */

typedef struct tfcaps_sum_params {
    int32_t axes;              /* bit n: the sum runs along dimension n */
    int32_t input_zero_point;  /* -128 ... 127 */
    int32_t output_zero_point; /* -128 ... 127 */
    int32_t output_multiplier; /* >= 0 */
    int32_t output_shift;      /* -31 ... 30 */
} tfcaps_sum_params;

/* The output has the dimensions of the input that are left, in their order. At most 2^23 values are summed
 * up. */
tfcaps_status tfcaps_sum_s8(const tfcaps_sum_params *params, const tfcaps_shape *input_shape,
                            const int8_t *input, int8_t *output);

/* --- Values that move --- */

typedef struct tfcaps_pad_params {
    int32_t before[TFCAPS_MAX_RANK]; /* each >= 0 */
    int32_t after[TFCAPS_MAX_RANK];  /* each >= 0 */
    int32_t value;                   /* -128 ... 127; for PAD the zero point */
} tfcaps_pad_params;

/* Output sizes: before + size + after. */
tfcaps_status tfcaps_pad_s8(const tfcaps_pad_params *params, const tfcaps_shape *input_shape,
                            const int8_t *input, int8_t *output);

typedef struct tfcaps_transpose_params {
    int32_t permutation[TFCAPS_MAX_RANK]; /* dimension n of the output is permutation[n] of the input */
} tfcaps_transpose_params;

tfcaps_status tfcaps_transpose_s8(const tfcaps_transpose_params *params, const tfcaps_shape *input_shape,
                                  const int8_t *input, int8_t *output);

typedef struct tfcaps_strided_slice_params {
    int32_t begin[TFCAPS_MAX_RANK];  /* 0 ... size - 1, masks applied */
    int32_t stride[TFCAPS_MAX_RANK]; /* not 0; negative ones run backwards */
} tfcaps_strided_slice_params;

/* The output's rank is the input's: a dimension that shrinks has size 1. */
tfcaps_status tfcaps_strided_slice_s8(const tfcaps_strided_slice_params *params,
                                      const tfcaps_shape *input_shape, const int8_t *input,
                                      const tfcaps_shape *output_shape, int8_t *output);

/* A tensor [outer, size, inner] of which slices along the middle dimension are taken, by number. */
typedef struct tfcaps_gather_params {
    int32_t outer;          /* >= 1 */
    int32_t size;           /* slices that there are, >= 1 */
    int32_t inner;          /* bytes of a slice, >= 1 */
    int32_t count;          /* slices that are taken, >= 1 */
    const int32_t *indices; /* [count], each 0 ... size - 1, in any order and as often as wanted */
} tfcaps_gather_params;

/* Output [outer, count, inner]. */
tfcaps_status tfcaps_gather_s8(const tfcaps_gather_params *params, const int8_t *input, int8_t *output);

/* A tensor [outer, sum of sizes], and its parts [outer, sizes[n]]: sizes are products from the axis on. */
typedef struct tfcaps_parts_dims {
    int32_t outer;        /* >= 1 */
    int32_t count;        /* parts, >= 1 */
    const int32_t *sizes; /* [count], each >= 1 */
} tfcaps_parts_dims;

/* inputs [count]; a part that lies where it belongs already (outer 1) is left alone. */
tfcaps_status tfcaps_concatenation_s8(const tfcaps_parts_dims *dims, const int8_t *const *inputs,
                                      int8_t *output);

/* outputs [count]; SPLIT has equal sizes, SPLIT_V any. A part that lies where it belongs (outer 1) is left
 * alone. */
tfcaps_status tfcaps_split_s8(const tfcaps_parts_dims *dims, const int8_t *input, int8_t *const *outputs);

#ifdef __cplusplus
}
#endif

#endif
