#include <string.h>

#include "tfcaps/kernels.h"
#include "tfcaps_fixed_point.h"

/* Whether a power of four is at least D and below D': then squash would take other guard bits for D', and
 * other bits would come out. */
static int guards_differ(int32_t dimension, int32_t padded) {
    for (int32_t power = 1; power < padded; power *= 4) {
        if (power >= dimension) {
            return 1;
        }
    }
    return 0;
}

/* What copies of all inputs and outputs of a batch take besides. */
static tfcaps_status add_copies(const tfcaps_capsule_dense_dims *dims, size_t routing, size_t *size) {
    const uint64_t inputs = (uint64_t)dims->input_capsules * (uint64_t)dims->input_dimension;
    const uint64_t outputs = (uint64_t)dims->output_capsules * (uint64_t)dims->output_dimension;
    if (!tfcaps_fits(routing + inputs + outputs + 7)) {
        return TFCAPS_ERROR_DIMS;
    }
    *size = (size_t)(routing + inputs + outputs + 7) & ~(size_t)7;
    return TFCAPS_OK;
}

static tfcaps_status size_with_copies(tfcaps_status (*get_size)(const tfcaps_capsule_dense_dims *, size_t *),
                                      const tfcaps_capsule_dense_dims *dims, size_t *size) {
    size_t need = 0;
    const tfcaps_status status = get_size(dims, &need);
    if (size == NULL || status != TFCAPS_OK) {
        return size == NULL ? TFCAPS_ERROR_NULL : status;
    }
    return add_copies(dims, need, size);
}

tfcaps_status tfcaps_capsule_dense_padded_s8_get_buffer_size(const tfcaps_capsule_dense_dims *dims,
                                                             size_t *size) {
    return size_with_copies(tfcaps_capsule_dense_s8_get_buffer_size, dims, size);
}

tfcaps_status tfcaps_capsule_dense_padded_s8_kept_get_buffer_size(const tfcaps_capsule_dense_dims *dims,
                                                                  size_t *size) {
    return size_with_copies(tfcaps_capsule_dense_s8_kept_get_buffer_size, dims, size);
}

/* Rows of `width` bytes from rows of `from` to rows of `to`. */
static void copy_rows(int32_t rows, int32_t width, const int8_t *source, int32_t from, int8_t *target,
                      int32_t to) {
    for (int32_t n = 0; n < rows; ++n) {
        memcpy(target, source, (size_t)width);
        source += from;
        target += to;
    }
}

tfcaps_status tfcaps_capsule_dense_padded_s8(const tfcaps_routing_passes *passes,
                                             const tfcaps_context *context,
                                             const tfcaps_capsule_dense_params *params,
                                             const tfcaps_capsule_dense_dims *dims, int32_t input_dimension,
                                             int32_t output_dimension, const int8_t *input,
                                             const int8_t *kernel, const int32_t *bias, int8_t *output) {
    if (context == NULL || context->buf == NULL || dims == NULL || input == NULL || output == NULL) {
        return TFCAPS_ERROR_NULL;
    }
    size_t need = 0;
    size_t copies = 0;
    tfcaps_status status = tfcaps_capsule_dense_padded_s8_get_buffer_size(dims, &need);
    if (status == TFCAPS_OK) {
        status = add_copies(dims, 0, &copies);
    }
    if (status != TFCAPS_OK) {
        return status;
    }
    if (context->size < need) {
        return TFCAPS_ERROR_SCRATCH;
    }
    if (input_dimension < 1 || input_dimension > dims->input_dimension || output_dimension < 1 ||
        output_dimension > dims->output_dimension ||
        guards_differ(output_dimension, dims->output_dimension)) {
        return TFCAPS_ERROR_RANGE;
    }
    const tfcaps_context routing = {context->buf, (context->size - copies) & ~(size_t)7};
    int8_t *const u = (int8_t *)context->buf + routing.size;
    int8_t *const v = u + (size_t)dims->input_capsules * (size_t)dims->input_dimension;
    tfcaps_capsule_dense_dims some = *dims;
    some.batches = 0; /* none: only checks the arguments */
    status = tfcaps_capsule_dense_passes_s8(passes, &routing, params, &some, u, kernel, bias, v);
    if (status == TFCAPS_OK) { /* what lies between the inputs meets weights of zero, so let it be zero too */
        memset(u, (int)params->input_zero_point, (size_t)(v - u));
    }
    some.batches = 1;
    for (int32_t batch = 0; status == TFCAPS_OK && batch < dims->batches; ++batch) {
        copy_rows(dims->input_capsules, input_dimension, input, input_dimension, u, dims->input_dimension);
        status = tfcaps_capsule_dense_passes_s8(passes, &routing, params, &some, u, kernel, bias, v);
        copy_rows(dims->output_capsules, output_dimension, v, dims->output_dimension, output,
                  output_dimension);
        input += (size_t)dims->input_capsules * (size_t)input_dimension;
        output += (size_t)dims->output_capsules * (size_t)output_dimension;
    }
    return status;
}
