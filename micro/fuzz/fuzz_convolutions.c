/* The argument checks of the convolutions and dense layers of tfcaps/nn.h, in every layout of their weights.
 */
#include "fuzz.h"

static const uint64_t address_space = PTRDIFF_MAX;

static tfcaps_channel_scales draw_scales(int32_t channels) {
    tfcaps_channel_scales drawn = {fuzz_about(fuzz_byte() & 1 ? 1 : channels), NULL, NULL};
    fuzz_expect_refusal(drawn.count != 1 && drawn.count != channels);
    const size_t count = drawn.count > 0 ? (size_t)drawn.count : 0;
    drawn.multiplier = fuzz_pointer(fuzz_words(count, 0, INT32_MAX));
    drawn.shift = fuzz_pointer(fuzz_words(count, -31, 30));
    return drawn;
}

static tfcaps_conv_2d_params draw_conv_2d(const tfcaps_image_dims *kernel_dims) {
    tfcaps_conv_2d_params params = {0};
    params.stride_height = fuzz_extent(3);
    params.stride_width = fuzz_extent(3);
    params.dilation_height = fuzz_extent(3);
    params.dilation_width = fuzz_extent(3);
    params.padding_top = fuzz_padding(kernel_dims->height, params.dilation_height);
    params.padding_left = fuzz_padding(kernel_dims->width, params.dilation_width);
    params.input_zero_point = fuzz_zero_point();
    params.output_zero_point = fuzz_zero_point();
    params.activation_min = fuzz_zero_point();
    params.activation_max = fuzz_activation_max(params.activation_min);
    return params;
}

typedef tfcaps_status (*buffer_size)(const tfcaps_conv_2d_params *params, const tfcaps_image_dims *input_dims,
                                     const tfcaps_image_dims *kernel_dims,
                                     const tfcaps_image_dims *output_dims, size_t *size);

/* What both convolutions share: the arguments of the one for which `is_depthwise` says so. */
static tfcaps_status call_conv_2d(int is_depthwise, const tfcaps_image_dims *input_dims,
                                  const tfcaps_image_dims *kernel_dims, int32_t filters) {
    tfcaps_image_dims output_dims = fuzz_image(input_dims->batches, filters);
    fuzz_expect_refusal(output_dims.batches != input_dims->batches);
    const size_t input_size = fuzz_image_size(input_dims);
    const size_t kernel_size = fuzz_image_size(kernel_dims);
    const size_t output_size = fuzz_image_size(&output_dims);
    const tfcaps_conv_2d_params params = draw_conv_2d(kernel_dims);
    size_t need = 0;
    const buffer_size get_buffer_size =
        is_depthwise ? tfcaps_depthwise_conv_2d_s8_get_buffer_size : tfcaps_conv_2d_s8_get_buffer_size;
    if (fuzz_byte() % 8 == 7) {
        return get_buffer_size(fuzz_pointer(&params), fuzz_pointer(input_dims), fuzz_pointer(kernel_dims),
                               fuzz_pointer(&output_dims), fuzz_pointer(&need));
    }
    fuzz_expect_refusal(get_buffer_size(&params, input_dims, kernel_dims, &output_dims, &need) != TFCAPS_OK);
    const tfcaps_channel_scales scales = draw_scales(output_dims.channels);
    const tfcaps_context context = fuzz_context(need, 0, 8);
    const int32_t *bias = fuzz_bias(output_dims.channels > 0 ? (size_t)output_dims.channels : 0);
    const int8_t *input = fuzz_input(input_size);
    const int8_t *kernel = fuzz_input(kernel_size);
    int8_t *output = fuzz_output(output_size);
    if (!fuzz_ready()) {
        return FUZZ_SKIPPED;
    }
    return (is_depthwise ? tfcaps_depthwise_conv_2d_s8 : tfcaps_conv_2d_s8)(
        fuzz_pointer(&context), fuzz_pointer(&params), fuzz_pointer(&scales), fuzz_pointer(input_dims),
        fuzz_pointer(input), fuzz_pointer(kernel_dims), fuzz_pointer(kernel), bias,
        fuzz_pointer(&output_dims), fuzz_pointer(output));
}

static tfcaps_status conv_2d(void) {
    const int32_t groups = 1 + fuzz_byte() % 3;
    const int32_t depth = 1 + fuzz_byte() % 5;
    const int32_t filters = groups * (1 + fuzz_byte() % 4);
    const tfcaps_image_dims input_dims = fuzz_image(1 + fuzz_byte() % 2, groups * depth);
    const tfcaps_image_dims kernel_dims = fuzz_image(filters, depth);
    return call_conv_2d(0, &input_dims, &kernel_dims, filters);
}

static tfcaps_status conv_2d_interleaved(void) {
    const int32_t depth = 1 + fuzz_byte() % 9;
    const int32_t filters = 1 + fuzz_byte() % 40;
    const tfcaps_image_dims input_dims = fuzz_image(1 + fuzz_byte() % 2, depth);
    const tfcaps_image_dims kernel_dims = fuzz_image(filters, depth);
    const tfcaps_image_dims output_dims = fuzz_image(input_dims.batches, filters);
    const size_t input_size = fuzz_image_size(&input_dims);
    fuzz_expect_refusal(fuzz_image_size(&kernel_dims) == 0);
    const size_t output_size = fuzz_image_size(&output_dims);
    const tfcaps_conv_2d_params params = draw_conv_2d(&kernel_dims);
    size_t need = 0;
    if (fuzz_byte() % 8 == 7) {
        return tfcaps_conv_2d_interleaved_s8_get_buffer_size(fuzz_pointer(&params), fuzz_pointer(&input_dims),
                                                             fuzz_pointer(&kernel_dims),
                                                             fuzz_pointer(&output_dims), fuzz_pointer(&need));
    }
    size_t weights_size = 0;
    if (tfcaps_conv_2d_interleaved_s8_get_buffer_size(&params, &input_dims, &kernel_dims, &output_dims,
                                                      &need) == TFCAPS_OK) {
        const size_t taps =
            (size_t)kernel_dims.height * (size_t)kernel_dims.width * (size_t)kernel_dims.channels;
        const size_t even = taps + taps % 2;
        weights_size = ((size_t)kernel_dims.batches + 3) / 4 * (4 * even + (even + 5) / 6);
    } else {
        fuzz_expect_refusal(1);
    }
    const tfcaps_channel_scales scales = draw_scales(output_dims.channels);
    const tfcaps_context context = fuzz_context(need, 8u * fuzz_byte(), 4);
    const int32_t *bias =
        fuzz_words(output_dims.channels > 0 ? (size_t)output_dims.channels : 0, INT32_MIN, INT32_MAX);
    const int8_t *input = fuzz_input(input_size);
    const int8_t *weights = fuzz_input(weights_size);
    int8_t *output = fuzz_output(output_size);
    if (!fuzz_ready()) {
        return FUZZ_SKIPPED;
    }
    return tfcaps_conv_2d_interleaved_s8(
        fuzz_pointer(&context), fuzz_pointer(&params), fuzz_pointer(&scales), fuzz_pointer(&input_dims),
        fuzz_pointer(input), fuzz_pointer(&kernel_dims), fuzz_pointer(weights), fuzz_pointer(bias),
        fuzz_pointer(&output_dims), fuzz_pointer(output));
}

/* How many words a layer of paired weights has. */
typedef struct paired_layer {
    int32_t form;
    size_t blocks; /* of two filters */
    size_t block_words;
} paired_layer;

/* Of a convolution that a kernel has to accept. */
static paired_layer paired_layer_of(const tfcaps_image_dims *kernel_dims, int32_t form) {
    const size_t rows = (size_t)kernel_dims->height;
    const size_t size = (size_t)kernel_dims->width * (size_t)kernel_dims->channels;
    const size_t together = size < 64 ? 2 : 1;
    const size_t steps = rows * (size / 2) + (size % 2 == 0 ? 0 : (rows + together - 1) / together);
    const paired_layer layer = {form, ((size_t)kernel_dims->batches + 1) / 2,
                                10 + steps * (form == 2 ? 2 : 1)};
    return layer;
}

/* Any biases, weights and addends: those that no layer has must do no harm either. */
static int32_t *draw_paired_weights(const paired_layer *layer) {
    int32_t *weights = fuzz_words(1 + layer->blocks * layer->block_words, INT32_MIN, INT32_MAX);
    const int32_t *multipliers = fuzz_words(2 * layer->blocks, 0, INT32_MAX);
    const int32_t *shifts = fuzz_words(2 * layer->blocks, 1, 22);
    if (layer->blocks > 0 && fuzz_ready()) {
        weights[0] = layer->form;
        for (size_t n = 0; n < 2 * layer->blocks; ++n) {
            int32_t *stage = weights + 1 + (n / 2 + 1) * layer->block_words - (n % 2 == 0 ? 6 : 3);
            stage[0] = multipliers[n];
            stage[2] = shifts[n];
        }
    }
    return weights;
}

static tfcaps_status conv_2d_paired(void) {
    const int32_t depth = 1 + fuzz_byte() % 5;
    const int32_t filters = 1 + fuzz_byte() % 9;
    const tfcaps_image_dims input_dims = fuzz_image(1 + fuzz_byte() % 2, depth);
    const tfcaps_image_dims kernel_dims = fuzz_image(filters, depth);
    const tfcaps_image_dims output_dims = fuzz_image(input_dims.batches, filters);
    fuzz_expect_refusal(output_dims.batches != input_dims.batches ||
                        kernel_dims.batches != output_dims.channels ||
                        kernel_dims.channels != input_dims.channels);
    const size_t input_size = fuzz_image_size(&input_dims);
    fuzz_expect_refusal(fuzz_image_size(&kernel_dims) == 0);
    const size_t output_size = fuzz_image_size(&output_dims);
    const tfcaps_conv_2d_params params = draw_conv_2d(&kernel_dims);
    size_t need = 0;
    if (fuzz_byte() % 8 == 7) {
        return tfcaps_conv_2d_paired_s8_get_buffer_size(fuzz_pointer(&params), fuzz_pointer(&input_dims),
                                                        fuzz_pointer(&kernel_dims),
                                                        fuzz_pointer(&output_dims), fuzz_pointer(&need));
    }
    paired_layer layer = {fuzz_param(0, 2), 0, 0};
    if (tfcaps_conv_2d_paired_s8_get_buffer_size(&params, &input_dims, &kernel_dims, &output_dims, &need) ==
        TFCAPS_OK) {
        layer = paired_layer_of(&kernel_dims, layer.form);
    }
    fuzz_expect_refusal(layer.blocks == 0);
    const tfcaps_context context = fuzz_context(need, fuzz_byte(), 4);
    const int32_t *weights = draw_paired_weights(&layer);
    const int8_t *input = fuzz_input(input_size);
    int8_t *output = fuzz_output(output_size);
    if (!fuzz_ready()) {
        return FUZZ_SKIPPED;
    }
    return tfcaps_conv_2d_paired_s8(fuzz_pointer(&context), fuzz_pointer(&params), fuzz_pointer(&input_dims),
                                    fuzz_pointer(input), fuzz_pointer(&kernel_dims), fuzz_pointer(weights),
                                    fuzz_pointer(&output_dims), fuzz_pointer(output));
}

static tfcaps_status depthwise_conv_2d(void) {
    const int32_t depth = 1 + fuzz_byte() % 18;
    const int32_t filters = depth * (1 + fuzz_byte() % 3);
    const tfcaps_image_dims input_dims = fuzz_image(1 + fuzz_byte() % 2, depth);
    const tfcaps_image_dims kernel_dims = fuzz_image(1, filters);
    return call_conv_2d(1, &input_dims, &kernel_dims, filters);
}

/* Any biases, weights and addends, as of paired convolutions. */
static int32_t *draw_paired_taps(size_t channels, size_t channel_words) {
    int32_t *weights = fuzz_words(channels * channel_words, INT32_MIN, INT32_MAX);
    const int32_t *multipliers = fuzz_words(channels, 0, INT32_MAX);
    const int32_t *shifts = fuzz_words(channels, 1, 22);
    for (size_t n = 0; n < channels && fuzz_ready(); ++n) {
        weights[n * channel_words] = multipliers[n];
        weights[n * channel_words + 2] = shifts[n];
    }
    return weights;
}

static tfcaps_status depthwise_conv_2d_paired(void) {
    const int32_t depth = 1 + fuzz_byte() % 12;
    const int32_t filters = depth * (1 + fuzz_byte() % 3);
    const tfcaps_image_dims input_dims = fuzz_image(1 + fuzz_byte() % 2, depth);
    const tfcaps_image_dims kernel_dims = fuzz_image(1, filters);
    const tfcaps_image_dims output_dims = fuzz_image(input_dims.batches, filters);
    const size_t input_size = fuzz_image_size(&input_dims);
    const size_t output_size = fuzz_image_size(&output_dims);
    tfcaps_conv_2d_params params = draw_conv_2d(&kernel_dims);
    size_t need = 0;
    fuzz_expect_refusal(input_dims.channels < 4 || kernel_dims.height > 5 || kernel_dims.width > 5 ||
                        params.stride_width > 2 || (kernel_dims.width > 1 && params.dilation_width > 1) ||
                        tfcaps_depthwise_conv_2d_s8_get_buffer_size(&params, &input_dims, &kernel_dims,
                                                                    &output_dims, &need) != TFCAPS_OK);
    const int is_large = kernel_dims.height > 3 || kernel_dims.width > 3;
    const size_t rows = kernel_dims.height > 0 && kernel_dims.height < 6 ? (size_t)kernel_dims.height : 1;
    const size_t row_words = !is_large ? 2 : params.stride_width == 1 ? 4 : 3;
    const int32_t *weights = draw_paired_taps(
        output_dims.channels > 0 && output_dims.channels < 100 ? (size_t)output_dims.channels : 1,
        4 + rows * row_words);
    const size_t room = fuzz_byte() * (size_t)16; /* words, as many as there may be */
    const tfcaps_context context = {fuzz_words(room, INT32_MIN, INT32_MAX), room * sizeof(int32_t)};
    const int8_t *input = fuzz_input(input_size);
    int8_t *output = fuzz_output(output_size);
    if (!fuzz_ready()) {
        return FUZZ_SKIPPED;
    }
    return tfcaps_depthwise_conv_2d_paired_s8(
        fuzz_pointer(&context), fuzz_pointer(&params), fuzz_pointer(&input_dims), fuzz_pointer(input),
        fuzz_pointer(&kernel_dims), fuzz_pointer(weights), fuzz_pointer(&output_dims), fuzz_pointer(output));
}

static tfcaps_status fully_connected(void) {
    const tfcaps_fully_connected_dims dims = {fuzz_int(1, 4), fuzz_int(1, 40), fuzz_int(1, 20)};
    const int32_t inputs[] = {dims.rows, dims.depth};
    const int32_t kernel_sizes[] = {dims.units, dims.depth};
    const int32_t outputs[] = {dims.rows, dims.units};
    const size_t input_size = fuzz_size(inputs, 2, INT32_MAX, address_space);
    const size_t kernel_size = fuzz_size(kernel_sizes, 2, INT32_MAX, address_space);
    const size_t output_size = fuzz_size(outputs, 2, INT32_MAX, address_space);
    size_t need = 0;
    if (fuzz_byte() % 8 == 7) {
        return tfcaps_fully_connected_s8_get_buffer_size(fuzz_pointer(&dims), fuzz_pointer(&need));
    }
    fuzz_expect_refusal(tfcaps_fully_connected_s8_get_buffer_size(&dims, &need) != TFCAPS_OK);
    tfcaps_fully_connected_params params = {fuzz_zero_point(), fuzz_zero_point(), fuzz_zero_point(), 0};
    params.activation_max = fuzz_activation_max(params.activation_min);
    const tfcaps_channel_scales scales = draw_scales(dims.units);
    const tfcaps_context context = fuzz_context(need, 0, 8);
    const int32_t *bias = fuzz_bias(dims.units > 0 ? (size_t)dims.units : 0);
    const int8_t *input = fuzz_input(input_size);
    const int8_t *kernel = fuzz_input(kernel_size);
    int8_t *output = fuzz_output(output_size);
    if (!fuzz_ready()) {
        return FUZZ_SKIPPED;
    }
    return tfcaps_fully_connected_s8(fuzz_pointer(&context), fuzz_pointer(&params), fuzz_pointer(&scales),
                                     fuzz_pointer(&dims), fuzz_pointer(input), fuzz_pointer(kernel), bias,
                                     fuzz_pointer(output));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const fuzz_call calls[] = {conv_2d,         depthwise_conv_2d,
                                      fully_connected, conv_2d_interleaved,
                                      conv_2d_paired,  depthwise_conv_2d_paired};
    fuzz_run(calls, sizeof calls / sizeof *calls, data, size);
    return 0;
}
