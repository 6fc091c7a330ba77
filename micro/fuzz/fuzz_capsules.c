/* The argument checks of tfcaps/kernels.h. */
#include "fuzz.h"

static const uint64_t address_space = PTRDIFF_MAX;

static size_t capsules_size(const tfcaps_capsules_dims *dims) {
    const int32_t sizes[] = {dims->capsules, dims->dimension};
    fuzz_expect_refusal(dims->dimension < 1 || dims->dimension > TFCAPS_MAX_DIMENSION);
    return dims->capsules == 0 ? 0 : fuzz_size(sizes, 2, INT32_MAX, address_space);
}

static tfcaps_status squash(void) {
    tfcaps_squash_params params = {fuzz_param(-128, 127), 0};
    params.inverse_square_scale = (uint32_t)fuzz_int(INT32_MIN, INT32_MAX);
    fuzz_expect_refusal(params.inverse_square_scale < 1 || params.inverse_square_scale > (uint32_t)1 << 31);
    const tfcaps_capsules_dims dims = {fuzz_int(0, 9), fuzz_int(1, 40)};
    const size_t size = capsules_size(&dims);
    const int8_t *input = fuzz_input(size);
    int8_t *output = fuzz_output(size);
    return fuzz_ready() ? tfcaps_squash_s8(fuzz_pointer(&params), fuzz_pointer(&dims), fuzz_pointer(input),
                                           fuzz_pointer(output))
                        : FUZZ_SKIPPED;
}

static tfcaps_status length(void) {
    const tfcaps_length_params params = {fuzz_param(-128, 127), fuzz_param(-128, 127),
                                         fuzz_param(0, INT32_MAX), fuzz_param(1, 62)};
    const tfcaps_capsules_dims dims = {fuzz_int(0, 9), fuzz_int(1, 40)};
    const int8_t *input = fuzz_input(capsules_size(&dims));
    int8_t *output = fuzz_output(dims.capsules < 0 ? 0 : (size_t)dims.capsules);
    return fuzz_ready() ? tfcaps_length_s8(fuzz_pointer(&params), fuzz_pointer(&dims), fuzz_pointer(input),
                                           fuzz_pointer(output))
                        : FUZZ_SKIPPED;
}

/* A layer's dimensions, and the sizes of its tensors: bytes, but units. */
typedef struct dense_layer {
    tfcaps_capsule_dense_dims dims;
    size_t units;
    size_t input_size;
    size_t output_size;
} dense_layer;

/* The input dimension is mostly one of so many multiples of a number. */
static dense_layer draw_layer(int32_t multiples, int32_t of) {
    dense_layer drawn = {
        {fuzz_int(0, 2), fuzz_int(1, 5), fuzz_int(1, multiples), fuzz_int(1, 6), fuzz_int(1, 9)}, 0, 0, 0};
    tfcaps_capsule_dense_dims *dims = &drawn.dims;
    if (dims->input_dimension >= 1 && dims->input_dimension <= multiples) {
        dims->input_dimension *= of;
    }
    const int32_t inputs[] = {dims->batches, dims->input_capsules, dims->input_dimension};
    const int32_t outputs[] = {dims->batches, dims->output_capsules, dims->output_dimension};
    fuzz_expect_refusal(dims->input_capsules > TFCAPS_MAX_INPUT_CAPSULES ||
                        dims->input_dimension > TFCAPS_MAX_INPUT_DIMENSION ||
                        dims->output_dimension > TFCAPS_MAX_DIMENSION);
    drawn.units = fuzz_size(outputs + 1, 2, TFCAPS_MAX_OUTPUT_CAPSULES, TFCAPS_MAX_OUTPUTS);
    drawn.input_size = dims->batches == 0 ? 0 : fuzz_size(inputs, 3, INT32_MAX, address_space);
    drawn.output_size = dims->batches == 0 ? 0 : fuzz_size(outputs, 3, INT32_MAX, address_space);
    return drawn;
}

static tfcaps_capsule_dense_params draw_params(size_t units, int32_t least_iterations,
                                               int32_t most_vote_shift, int32_t least_logit_bits) {
    tfcaps_capsule_dense_params params = {fuzz_param(-128, 127),
                                          fuzz_param(least_iterations, 16),
                                          fuzz_param(0, 1),
                                          fuzz_param(0, most_vote_shift),
                                          fuzz_param(1, 62),
                                          fuzz_param(1, 62),
                                          fuzz_param(least_logit_bits, 30),
                                          0,
                                          NULL};
    params.multiplier_count = fuzz_int((int32_t)units, (int32_t)units);
    fuzz_expect_refusal(params.multiplier_count != (int32_t)units);
    params.multiplier = fuzz_pointer(fuzz_words(units, 0, INT32_MAX));
    return params;
}

typedef tfcaps_status (*buffer_size)(const tfcaps_capsule_dense_dims *dims, size_t *size);

/* The scratch for votes that are made again or kept; 0 where a layer has to be refused. */
static size_t scratch_size(const tfcaps_capsule_dense_dims *dims, int is_kept) {
    const buffer_size get_size =
        is_kept ? tfcaps_capsule_dense_s8_kept_get_buffer_size : tfcaps_capsule_dense_s8_get_buffer_size;
    size_t size = 0;
    fuzz_expect_refusal(get_size(dims, &size) != TFCAPS_OK);
    return size;
}

static tfcaps_status capsule_dense(void) {
    const dense_layer layer = draw_layer(9, 1);
    const int32_t kernel_sizes[] = {layer.dims.input_capsules, layer.dims.output_capsules,
                                    layer.dims.output_dimension, layer.dims.input_dimension};
    const size_t kernel_size = fuzz_size(kernel_sizes, 4, INT32_MAX, address_space);
    const uint8_t way = fuzz_byte() % 8;
    if (way >= 6) {
        const buffer_size get_size =
            way == 6 ? tfcaps_capsule_dense_s8_kept_get_buffer_size : tfcaps_capsule_dense_s8_get_buffer_size;
        size_t need = 0;
        return get_size(fuzz_pointer(&layer.dims), fuzz_pointer(&need));
    }
    const size_t need = scratch_size(&layer.dims, 0);
    const size_t more = way >= 3 ? scratch_size(&layer.dims, 1) - need : 0;
    const tfcaps_context context = fuzz_context(need, more, 8);
    const tfcaps_capsule_dense_params params = draw_params(layer.units, 1, 16, 8);
    const int32_t *bias = fuzz_bias(layer.units);
    const int8_t *kernel = fuzz_input(kernel_size);
    const int8_t *input = fuzz_input(layer.input_size);
    int8_t *output = fuzz_output(layer.output_size);
    if (!fuzz_ready()) {
        return FUZZ_SKIPPED;
    }
    if (way % 3 == 0) {
        return tfcaps_capsule_dense_passes_s8(
            fuzz_pointer(&tfcaps_passes_any), fuzz_pointer(&context), fuzz_pointer(&params),
            fuzz_pointer(&layer.dims), fuzz_pointer(input), fuzz_pointer(kernel), bias, fuzz_pointer(output));
    }
    return tfcaps_capsule_dense_s8(fuzz_pointer(&context), fuzz_pointer(&params), fuzz_pointer(&layer.dims),
                                   fuzz_pointer(input), fuzz_pointer(kernel), bias, fuzz_pointer(output));
}

/* Of any words: those that no pairs of weights make must do no harm either. */
static tfcaps_status capsule_dense_paired(void) {
    const dense_layer layer = draw_layer(16, 4);
    const tfcaps_capsule_dense_dims *dims = &layer.dims;
    const int is_kept = fuzz_byte() & 1;
    fuzz_expect_refusal(dims->input_dimension % 4 != 0 || dims->input_dimension > 64 ||
                        dims->output_capsules > 128);
    const int32_t kernel_sizes[] = {dims->input_capsules, dims->output_capsules,
                                    dims->output_dimension / 2 + dims->output_dimension % 2,
                                    dims->input_dimension > 64 ? 0 : dims->input_dimension, 2};
    const size_t kernel_size = fuzz_size(kernel_sizes, 5, INT32_MAX, address_space);
    const tfcaps_context context = fuzz_context(scratch_size(dims, is_kept), 0, 8);
    const tfcaps_capsule_dense_params params = draw_params(layer.units, is_kept ? 2 : 1, 0, 24);
    const int32_t *bias = fuzz_bias(layer.units);
    const int32_t *kernel = (const int32_t *)(const void *)fuzz_input(kernel_size);
    const int8_t *input = fuzz_input(layer.input_size);
    int8_t *output = fuzz_output(layer.output_size);
    if (!fuzz_ready()) {
        return FUZZ_SKIPPED;
    }
    return (is_kept ? tfcaps_capsule_dense_paired_kept_s8 : tfcaps_capsule_dense_paired_s8)(
        fuzz_pointer(&context), fuzz_pointer(&params), fuzz_pointer(dims), fuzz_pointer(input),
        fuzz_pointer(kernel), bias, fuzz_pointer(output));
}

/* Sizes of inputs and outputs that end before those of the layer do. */
static tfcaps_status capsule_dense_padded(void) {
    const dense_layer layer = draw_layer(9, 1);
    const tfcaps_capsule_dense_dims *dims = &layer.dims;
    const uint8_t way = fuzz_byte() % 16;
    const int is_kept = way % 2;
    size_t need = 0;
    size_t kept = 0;
    if (way >= 14) {
        return (is_kept ? tfcaps_capsule_dense_padded_s8_kept_get_buffer_size
                        : tfcaps_capsule_dense_padded_s8_get_buffer_size)(fuzz_pointer(dims),
                                                                          fuzz_pointer(&need));
    }
    fuzz_expect_refusal(tfcaps_capsule_dense_padded_s8_get_buffer_size(dims, &need) != TFCAPS_OK);
    const size_t more =
        is_kept && tfcaps_capsule_dense_padded_s8_kept_get_buffer_size(dims, &kept) == TFCAPS_OK ? kept - need
                                                                                                 : 0;
    const int32_t depth = fuzz_param(1, dims->input_dimension < 1 ? 1 : dims->input_dimension);
    const int32_t dimension = fuzz_param(1, dims->output_dimension < 1 ? 1 : dims->output_dimension);
    for (int32_t power = 1; power < dims->output_dimension && power <= TFCAPS_MAX_DIMENSION; power *= 4) {
        fuzz_expect_refusal(power >= dimension);
    }
    const int32_t kernel_sizes[] = {dims->input_capsules, dims->output_capsules, dims->output_dimension,
                                    dims->input_dimension};
    const int32_t inputs[] = {dims->batches, dims->input_capsules, depth};
    const int32_t outputs[] = {dims->batches, dims->output_capsules, dimension};
    const size_t kernel_size = fuzz_size(kernel_sizes, 4, INT32_MAX, address_space);
    const size_t input_size = dims->batches == 0 ? 0 : fuzz_size(inputs, 3, INT32_MAX, address_space);
    const size_t output_size = dims->batches == 0 ? 0 : fuzz_size(outputs, 3, INT32_MAX, address_space);
    const tfcaps_context context = fuzz_context(need, more, 8);
    const tfcaps_capsule_dense_params params = draw_params(layer.units, 1, 16, 8);
    const int32_t *bias = fuzz_bias(layer.units);
    const int8_t *kernel = fuzz_input(kernel_size);
    const int8_t *input = fuzz_input(input_size);
    int8_t *output = fuzz_output(output_size);
    if (!fuzz_ready()) {
        return FUZZ_SKIPPED;
    }
    return tfcaps_capsule_dense_padded_s8(&tfcaps_passes_any, fuzz_pointer(&context), fuzz_pointer(&params),
                                          fuzz_pointer(dims), depth, dimension, fuzz_pointer(input),
                                          fuzz_pointer(kernel), bias, fuzz_pointer(output));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const fuzz_call calls[] = {squash, length, capsule_dense, capsule_dense_paired,
                                      capsule_dense_padded};
    fuzz_run(calls, sizeof calls / sizeof *calls, data, size);
    return 0;
}
