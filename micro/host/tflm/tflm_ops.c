/* The capsule operators in the TFLite Micro wheel: its interpreter calls TfcapsRegisterOps with its resolver.
 */
#include <stdbool.h>
#include <string.h>

#include "host_error.h"
#include "host_op.h"
#include "tflm_abi.h"

typedef struct tflm_op {
    int is_valid; /* 0: the options were bad; prepare reports it, because init cannot */
    host_op op;
    int scratch;
} tflm_op;

static tflm_runtime runtime;

/* Where a node keeps user_data: word 3, or 4 where nodes have temporaries. The first operator made after a
 * registration is the first to be prepared, which tells. */
static int user_data_word;
static const tflm_op *first_op;

static void *init(void *context, host_kind kind, const char *options, size_t size) {
    size_t count = 0;
    int32_t *storage = NULL;
    tflm_op *op = (tflm_op *)runtime.allocate_persistent(context, sizeof *op);
    if (op == NULL) {
        host_fail("%s: the arena is too small for the operator", host_names[kind]);
        return NULL;
    }
    memset(op, 0, sizeof *op);
    if (first_op == NULL) {
        first_op = op;
    }
    if (!host_op_storage(kind, options, size, &count)) {
        return op;
    }
    if (count > 0) {
        storage = (int32_t *)runtime.allocate_persistent(context, count * sizeof(int32_t));
        if (storage == NULL) {
            host_fail("%s: the arena is too small for the multipliers", host_names[kind]);
            return op;
        }
    }
    op->is_valid = host_op_parse(&op->op, kind, options, size, storage, count);
    return op;
}

static void *init_squash(void *context, const char *options, size_t size) {
    return init(context, HOST_SQUASH, options, size);
}

static void *init_length(void *context, const char *options, size_t size) {
    return init(context, HOST_LENGTH, options, size);
}

static void *init_capsule_dense(void *context, const char *options, size_t size) {
    return init(context, HOST_CAPSULE_DENSE, options, size);
}

static void *node_word(const tflm_node *node, int word) {
    void *value;
    memcpy(&value, (const char *)node + (size_t)word * sizeof(void *), sizeof value);
    return value;
}

static tflm_op *op_of(const tflm_node *node) {
    for (int word = 3; word <= 4 && user_data_word == 0 && first_op != NULL; ++word) {
        if (node_word(node, word) == (const void *)first_op) {
            user_data_word = word;
        }
    }
    return user_data_word == 0 ? NULL : (tflm_op *)node_word(node, user_data_word);
}

static int translate(const tflm_eval_tensor *tensor, host_tensor *out) {
    if (tensor == NULL || tensor->dims == NULL) {
        return host_fail("expected a tensor with a shape at a capsule operator");
    }
    memset(out, 0, sizeof *out);
    out->type = tensor->type;
    out->rank = tensor->dims->size;
    out->dims = tensor->dims->data;
    out->data = tensor->data;
    return 1;
}

/* The node's tensors; the number of inputs without a bias left out, or 0 with an error. */
static int translate_all(void *context, const tflm_node *node, host_tensor *inputs, host_tensor *output) {
    int count = node->inputs->size;
    if (count < 1 || count > HOST_MAX_INPUTS || node->outputs->size != 1) {
        return host_fail("expected 1 to 3 inputs and 1 output of a capsule operator, got %d and %d", count,
                         node->outputs->size);
    }
    if (count == 3 && node->inputs->data[2] < 0) {
        count = 2;
    }
    for (int n = 0; n < count; ++n) {
        if (node->inputs->data[n] < 0) {
            return host_fail("input %d of a capsule operator is no tensor", n);
        }
        if (!translate(runtime.eval_input(context, node, n), &inputs[n])) {
            return 0;
        }
    }
    return translate(runtime.eval_output(context, node, 0), output) ? count : 0;
}

static int prepare(void *context, tflm_node *node) {
    host_tensor inputs[HOST_MAX_INPUTS];
    host_tensor output;
    tflm_op *op = op_of(node);
    if (op == NULL) {
        host_fail("TFLite Micro: nodes are of another form: tfcaps does not know this version of the "
                  "tflite-micro package");
        return 1;
    }
    if (!op->is_valid) {
        return 1;
    }
    const int count = translate_all(context, node, inputs, &output);
    if (count == 0 || !host_op_prepare(&op->op, inputs, count, &output)) {
        return 1;
    }
    if (op->op.scratch_size > 0 && runtime.request_scratch(context, op->op.scratch_size, &op->scratch) != 0) {
        host_fail("%s: the arena is too small for %zu bytes of scratch", host_names[op->op.kind],
                  op->op.scratch_size);
        return 1;
    }
    return 0;
}

static int invoke(void *context, tflm_node *node) {
    host_tensor inputs[HOST_MAX_INPUTS];
    host_tensor output;
    const tflm_op *op = op_of(node);
    const int count = translate_all(context, node, inputs, &output);
    if (count == 0) {
        return 1;
    }
    void *scratch = op->op.scratch_size > 0 ? runtime.scratch(context, op->scratch) : NULL;
    return host_op_invoke(&op->op, inputs, count, &output, scratch) ? 0 : 1;
}

HOST_EXPORT bool TfcapsRegisterOps(void *resolver);

bool TfcapsRegisterOps(void *resolver) {
    static void *(*const inits[HOST_KINDS])(void *, const char *, size_t) = {init_squash, init_length,
                                                                             init_capsule_dense};
    tflm_resolver *target = (tflm_resolver *)resolver;
    TfcapsClearError();
    first_op = NULL;
    if (!tflm_runtime_open(target, &runtime)) {
        return false;
    }
    for (int kind = 0; kind < HOST_KINDS; ++kind) {
        if (target->count >= TFLM_RESOLVER_SIZE) {
            host_fail("TFLite Micro: its list of operators is full");
            return false;
        }
        tflm_registration *entry = &target->registrations[target->count++];
        memset(entry, 0, sizeof *entry);
        entry->init = inits[kind];
        entry->prepare = prepare;
        entry->invoke = invoke;
        entry->builtin_code = TFLM_BUILTIN_CUSTOM;
        entry->custom_name = host_names[kind];
        if (tflm_resolver_find(target, host_names[kind]) != entry) {
            host_fail("TFLite Micro: %s is not found after its registration", host_names[kind]);
            return false;
        }
    }
    return true;
}
