#include "tfcaps/kernels.h"
#include "tfcaps_cold.h"
#include "tfcaps_fixed_point.h"
#include "tfcaps_routing.h"

static int in_range(int32_t x, int32_t most) {
    return x >= 1 && x <= most;
}

TFCAPS_COLD tfcaps_status tfcaps_capsule_dense_s8_get_buffer_size(const tfcaps_capsule_dense_dims *dims,
                                                                  size_t *size) {
    if (dims == NULL || size == NULL) {
        return TFCAPS_ERROR_NULL;
    }
    if (dims->batches < 0 || !in_range(dims->input_capsules, TFCAPS_MAX_INPUT_CAPSULES) ||
        !in_range(dims->input_dimension, TFCAPS_MAX_INPUT_DIMENSION) ||
        !in_range(dims->output_capsules, TFCAPS_MAX_OUTPUT_CAPSULES) ||
        !in_range(dims->output_dimension, TFCAPS_MAX_DIMENSION) ||
        dims->output_capsules * dims->output_dimension > TFCAPS_MAX_OUTPUTS) {
        return TFCAPS_ERROR_DIMS;
    }
    const uint64_t outputs = (uint64_t)dims->output_capsules * (uint64_t)dims->output_dimension;
    const uint64_t inputs = (uint64_t)dims->input_capsules * (uint64_t)dims->input_dimension;
    const uint64_t batches = (uint64_t)dims->batches;
    if (!tfcaps_fits(batches * inputs) || !tfcaps_fits(batches * outputs) || !tfcaps_fits(inputs * outputs)) {
        return TFCAPS_ERROR_DIMS;
    }
    /* Sum, state and V of every output, and what a pass works on. */
    const uint64_t work = tfcaps_routing_work_bytes(dims->output_capsules, dims->output_dimension);
    const uint64_t even = (uint64_t)dims->output_capsules * (uint64_t)tfcaps_even(dims->output_dimension);
    *size = (size_t)(work + 4 * even + 6 * outputs + 7) & ~(size_t)7;
    return TFCAPS_OK;
}

TFCAPS_COLD tfcaps_status tfcaps_capsule_dense_s8_kept_get_buffer_size(const tfcaps_capsule_dense_dims *dims,
                                                                       size_t *size) {
    size_t least = 0;
    const tfcaps_status status = tfcaps_capsule_dense_s8_get_buffer_size(dims, &least);
    if (size == NULL || status != TFCAPS_OK) {
        return size == NULL ? TFCAPS_ERROR_NULL : status;
    }
    const uint64_t kept =
        tfcaps_routing_kept_bytes(dims->input_capsules, dims->output_capsules, dims->output_dimension);
    if (!tfcaps_fits(kept + least)) {
        return TFCAPS_ERROR_DIMS;
    }
    *size = (size_t)(kept + least + 7) & ~(size_t)7;
    return TFCAPS_OK;
}
