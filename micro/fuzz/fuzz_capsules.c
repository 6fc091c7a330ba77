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

static tfcaps_status capsule_dense(void) {
    const tfcaps_capsule_dense_dims dims = {fuzz_int(0, 2), fuzz_int(1, 5), fuzz_int(1, 9), fuzz_int(1, 6),
                                            fuzz_int(1, 9)};
    const int32_t inputs[] = {dims.batches, dims.input_capsules, dims.input_dimension};
    const int32_t kernel_sizes[] = {dims.input_capsules, dims.output_capsules, dims.output_dimension,
                                    dims.input_dimension};
    const int32_t outputs[] = {dims.batches, dims.output_capsules, dims.output_dimension};
    fuzz_expect_refusal(dims.input_capsules > TFCAPS_MAX_INPUT_CAPSULES ||
                        dims.input_dimension > TFCAPS_MAX_INPUT_DIMENSION ||
                        dims.output_dimension > TFCAPS_MAX_DIMENSION);
    const size_t units = fuzz_size(outputs + 1, 2, TFCAPS_MAX_OUTPUT_CAPSULES, TFCAPS_MAX_OUTPUTS);
    size_t need = 0;
    if (fuzz_byte() % 8 == 7) {
        return tfcaps_capsule_dense_s8_get_buffer_size(fuzz_pointer(&dims), fuzz_pointer(&need));
    }
    fuzz_expect_refusal(tfcaps_capsule_dense_s8_get_buffer_size(&dims, &need) != TFCAPS_OK);
    const tfcaps_context context = fuzz_context(need);
    tfcaps_capsule_dense_params params = {fuzz_param(-128, 127),
                                          fuzz_param(1, 16),
                                          fuzz_param(0, 1),
                                          fuzz_param(0, 16),
                                          fuzz_param(1, 62),
                                          fuzz_param(1, 62),
                                          fuzz_param(8, 30),
                                          0,
                                          NULL};
    params.multiplier_count = fuzz_int((int32_t)units, (int32_t)units);
    fuzz_expect_refusal(params.multiplier_count != (int32_t)units);
    params.multiplier = fuzz_pointer(fuzz_words(units, 0, INT32_MAX));
    const int32_t *bias = fuzz_bias(units);
    const int8_t *kernel = fuzz_input(fuzz_size(kernel_sizes, 4, INT32_MAX, address_space));
    const int8_t *input = fuzz_input(dims.batches == 0 ? 0 : fuzz_size(inputs, 3, INT32_MAX, address_space));
    int8_t *output = fuzz_output(dims.batches == 0 ? 0 : fuzz_size(outputs, 3, INT32_MAX, address_space));
    if (!fuzz_ready()) {
        return FUZZ_SKIPPED;
    }
    return tfcaps_capsule_dense_s8(fuzz_pointer(&context), fuzz_pointer(&params), fuzz_pointer(&dims),
                                   fuzz_pointer(input), fuzz_pointer(kernel), bias, fuzz_pointer(output));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const fuzz_call calls[] = {squash, length, capsule_dense};
    fuzz_run(calls, sizeof calls / sizeof *calls, data, size);
    return 0;
}
