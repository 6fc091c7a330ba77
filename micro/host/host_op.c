#include <stdio.h>
#include <string.h>

#include "host_error.h"
#include "host_op.h"
#include "tfcaps/options.h"

const char *const host_names[HOST_KINDS] = {"TfcapsSquash", "TfcapsLength", "TfcapsCapsuleDense"};

host_kind host_kind_of(const char *custom_code) {
    int kind = 0;
    while (kind < HOST_KINDS && (custom_code == NULL || strcmp(custom_code, host_names[kind]) != 0)) {
        ++kind;
    }
    return (host_kind)kind;
}

static int fail_options(host_kind kind, tfcaps_status status, const char *key) {
    if (status == TFCAPS_OK) {
        return 1;
    }
    if (key == NULL) {
        return host_fail("%s: custom options are missing or no flexbuffer map", host_names[kind]);
    }
    return host_fail("%s: option '%s' is missing, of another type or out of range", host_names[kind], key);
}

int host_op_storage(host_kind kind, const void *options, size_t size, size_t *count) {
    *count = 0;
    if (kind != HOST_CAPSULE_DENSE) {
        return 1;
    }
    const char *key = NULL;
    const tfcaps_status status =
        tfcaps_capsule_dense_options_storage((const uint8_t *)options, size, count, &key);
    return fail_options(kind, status, key);
}

int host_op_parse(host_op *op, host_kind kind, const void *options, size_t size, int32_t *storage,
                  size_t count) {
    const uint8_t *bytes = (const uint8_t *)options;
    const char *key = NULL;
    tfcaps_status status = TFCAPS_ERROR_OPTIONS;
    memset(op, 0, sizeof *op);
    op->kind = kind;
    if (kind == HOST_SQUASH) {
        status = tfcaps_squash_options(bytes, size, &op->params.squash, &key);
    } else if (kind == HOST_LENGTH) {
        status = tfcaps_length_options(bytes, size, &op->params.length, &key);
    } else if (kind == HOST_CAPSULE_DENSE) {
        status = tfcaps_capsule_dense_options(bytes, size, storage, count, &op->params.dense, &key);
    }
    return fail_options(kind, status, key);
}

/* "[1, 2, 3]" */
static const char *shape_text(const host_tensor *tensor, char *text, size_t size) {
    size_t used = (size_t)snprintf(text, size, "[");
    for (int n = 0; n < tensor->rank && used < size; ++n) {
        used += (size_t)snprintf(text + used, size - used, n == 0 ? "%d" : ", %d", tensor->dims[n]);
    }
    if (used < size) {
        (void)snprintf(text + used, size - used, "]");
    }
    return text;
}

static int check_tensor(const host_op *op, const char *role, const host_tensor *tensor, int type, int rank) {
    char shape[96];
    if (tensor->type != type) {
        return host_fail("%s: expected the %s to be of type %d (TfLiteType), got %d", host_names[op->kind],
                         role, type, tensor->type);
    }
    if (tensor->dims == NULL || tensor->rank < 1 || (rank > 0 && tensor->rank != rank)) {
        return host_fail("%s: expected the %s to be of rank %d, got %s", host_names[op->kind], role,
                         rank > 0 ? rank : 1,
                         tensor->dims == NULL ? "none" : shape_text(tensor, shape, sizeof shape));
    }
    for (int n = 0; n < tensor->rank; ++n) {
        if (tensor->dims[n] < 1) {
            return host_fail("%s: expected a static shape of the %s, got %s", host_names[op->kind], role,
                             shape_text(tensor, shape, sizeof shape));
        }
    }
    return 1;
}

static int fail_shape(const host_op *op, const char *role, const char *expected, const host_tensor *tensor) {
    char shape[96];
    return host_fail("%s: expected the %s to be %s, got %s", host_names[op->kind], role, expected,
                     shape_text(tensor, shape, sizeof shape));
}

/* Scale 1/128 and zero point 0, which the kernels of Squash and CapsuleDense write in. */
static int check_unit_scale(const host_op *op, const host_tensor *output) {
    if (output->is_scaled && (output->scale != 1.0f / 128.0f || output->zero_point != 0)) {
        return host_fail(
            "%s: expected the output in scale 1/128 with zero point 0, got scale %g, zero point %d",
            host_names[op->kind], (double)output->scale, (int)output->zero_point);
    }
    return 1;
}

static int check_zero_point(const host_op *op, const char *role, const host_tensor *tensor,
                            int32_t zero_point) {
    if (tensor->is_scaled && tensor->zero_point != zero_point) {
        return host_fail("%s: the options say %s zero point %d, the tensor has %d", host_names[op->kind],
                         role, (int)zero_point, (int)tensor->zero_point);
    }
    return 1;
}

/* The dims of [..., D] as [capsules, D]. */
static int capsules_dims(const host_op *op, const host_tensor *tensor, tfcaps_capsules_dims *dims) {
    int64_t capsules = 1;
    for (int n = 0; n + 1 < tensor->rank; ++n) {
        capsules *= tensor->dims[n];
        if (capsules > INT32_MAX) {
            return fail_shape(op, "input", "fewer than 2^31 capsules", tensor);
        }
    }
    dims->capsules = (int32_t)capsules;
    dims->dimension = tensor->dims[tensor->rank - 1];
    if (dims->dimension > TFCAPS_MAX_DIMENSION) {
        return fail_shape(op, "input", "capsules of at most 256 dimensions", tensor);
    }
    return 1;
}

static int prepare_capsules(host_op *op, const host_tensor *input, const host_tensor *output,
                            int output_rank) {
    if (!check_tensor(op, "input", input, HOST_INT8, 0) ||
        !check_tensor(op, "output", output, HOST_INT8, 0) || !capsules_dims(op, input, &op->dims.capsules)) {
        return 0;
    }
    if (output->rank != output_rank ||
        memcmp(input->dims, output->dims, (size_t)output_rank * sizeof(int)) != 0) {
        return fail_shape(op, "output",
                          op->kind == HOST_SQUASH ? "of the input's shape"
                                                  : "of the input's shape without its last",
                          output);
    }
    return 1;
}

static int prepare_dense(host_op *op, const host_tensor *inputs, int input_count, const host_tensor *output) {
    tfcaps_capsule_dense_dims *dims = &op->dims.dense;
    const host_tensor *u = &inputs[0];
    const host_tensor *kernel = &inputs[1];
    if (!check_tensor(op, "input", u, HOST_INT8, 3) || !check_tensor(op, "kernel", kernel, HOST_INT8, 3) ||
        !check_tensor(op, "output", output, HOST_INT8, 3) || !check_unit_scale(op, output) ||
        !check_zero_point(op, "input", u, op->params.dense.input_zero_point)) {
        return 0;
    }
    dims->batches = u->dims[0];
    dims->input_capsules = u->dims[1];
    dims->input_dimension = u->dims[2];
    dims->output_capsules = output->dims[1];
    dims->output_dimension = output->dims[2];
    if (tfcaps_capsule_dense_s8_get_buffer_size(dims, &op->scratch_size) != TFCAPS_OK) {
        return fail_shape(op, "output", "within the limits of tfcaps/kernels.h together with the input",
                          output);
    }
    const int outputs = dims->output_capsules * dims->output_dimension;
    if (output->dims[0] != dims->batches) {
        return fail_shape(op, "output", "of the input's batch", output);
    }
    if (kernel->dims[0] != dims->input_capsules || kernel->dims[1] != outputs ||
        kernel->dims[2] != dims->input_dimension) {
        return fail_shape(op, "kernel", "[input capsules, output capsules * dimension, input dimension]",
                          kernel);
    }
    if (input_count == 3 &&
        (!check_tensor(op, "bias", &inputs[2], HOST_INT32, 1) || inputs[2].dims[0] != outputs)) {
        return fail_shape(op, "bias", "[output capsules * dimension]", &inputs[2]);
    }
    if (op->params.dense.multiplier_count != outputs) {
        return host_fail("%s: expected %d multipliers in the options, got %d", host_names[op->kind], outputs,
                         (int)op->params.dense.multiplier_count);
    }
    return 1;
}

int host_op_prepare(host_op *op, const host_tensor *inputs, int input_count, const host_tensor *output) {
    const int most = op->kind == HOST_CAPSULE_DENSE ? 3 : 1;
    const int least = op->kind == HOST_CAPSULE_DENSE ? 2 : 1;
    op->scratch_size = 0;
    if (input_count < least || input_count > most) {
        return host_fail("%s: expected %d to %d inputs, got %d", host_names[op->kind], least, most,
                         input_count);
    }
    switch (op->kind) {
    case HOST_SQUASH:
        return prepare_capsules(op, inputs, output, inputs->rank) && check_unit_scale(op, output) &&
               check_zero_point(op, "input", inputs, op->params.squash.input_zero_point);
    case HOST_LENGTH:
        return prepare_capsules(op, inputs, output, inputs->rank - 1) &&
               check_zero_point(op, "input", inputs, op->params.length.input_zero_point) &&
               check_zero_point(op, "output", output, op->params.length.output_zero_point);
    default:
        return prepare_dense(op, inputs, input_count, output);
    }
}

int host_op_invoke(const host_op *op, const host_tensor *inputs, int input_count, const host_tensor *output,
                   void *scratch) {
    const tfcaps_context context = {scratch, op->scratch_size};
    const int8_t *input = (const int8_t *)inputs[0].data;
    int8_t *out = (int8_t *)output->data;
    tfcaps_status status = TFCAPS_ERROR_NULL;
    if (op->kind == HOST_SQUASH) {
        status = tfcaps_squash_s8(&op->params.squash, &op->dims.capsules, input, out);
    } else if (op->kind == HOST_LENGTH) {
        status = tfcaps_length_s8(&op->params.length, &op->dims.capsules, input, out);
    } else {
        const int32_t *bias = input_count == 3 ? (const int32_t *)inputs[2].data : NULL;
        status = tfcaps_capsule_dense_s8(&context, &op->params.dense, &op->dims.dense, input,
                                         (const int8_t *)inputs[1].data, bias, out);
    }
    return status == TFCAPS_OK ||
           host_fail("%s: the kernel refused with status %d", host_names[op->kind], (int)status);
}
