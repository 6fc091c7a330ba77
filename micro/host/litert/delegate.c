/* The capsule operators as an external delegate of LiteRT, tf.lite and tflite-runtime.
 *
 * The delegate takes each capsule operator as a subset of its own: `create` reads its options while the node
 * is still at hand, the kernel's init finds them again by node index. */
#include <stdlib.h>
#include <string.h>

#include "host_error.h"
#include "host_op.h"
#include "litert_abi.h"

typedef struct delegate_op {
    struct delegate_op *next;
    int node;
    host_op op;
    int32_t *storage; /* of the multipliers; NULL when they are used in place */
    void *scratch;
    int input_count;
    int inputs[HOST_MAX_INPUTS]; /* tensor indices, in the operator's own order */
    int output;
} delegate_op;

typedef struct delegate_data {
    tfl_delegate delegate;
    delegate_op *ops;
} delegate_data;

static tfl_status report(tfl_context *context) {
    context->report_error(context, "%s\n", TfcapsLastError());
    return TFL_ERROR;
}

static void free_op(delegate_op *op) {
    if (op != NULL) {
        free(op->storage);
        free(op->scratch);
        free(op);
    }
}

/* The tensor as the shared code wants it, if the runtime's structure holds what we believe it does. */
static int translate(const tfl_context *context, int index, host_tensor *out) {
    static const size_t element_sizes[] = {[HOST_INT32] = 4, [HOST_INT8] = 1};
    const tfl_tensor *tensor = &context->tensors[index];
    if (tensor->type != HOST_INT8 && tensor->type != HOST_INT32) {
        return host_fail("expected capsule operators on int8 tensors, got a tensor of type %d (TfLiteType)",
                         tensor->type);
    }
    if (tensor->dims == NULL || tensor->dims->size < 1 || tensor->dims->size > 8) {
        return host_fail("expected a tensor of 1 to 8 dimensions at a capsule operator");
    }
    size_t bytes = element_sizes[tensor->type];
    for (int n = 0; n < tensor->dims->size; ++n) {
        bytes *= (size_t)tensor->dims->data[n];
    }
    if (tensor->bytes != bytes) {
        return host_fail(
            "the runtime's tensor structure is not the one tfcaps knows: use another version of it");
    }
    out->type = tensor->type;
    out->rank = tensor->dims->size;
    out->dims = tensor->dims->data;
    out->data = tensor->data;
    out->is_scaled = 1;
    out->scale = tensor->scale;
    out->zero_point = tensor->zero_point;
    return 1;
}

static int translate_all(const tfl_context *context, const delegate_op *op, host_tensor *inputs,
                         host_tensor *output) {
    for (int n = 0; n < op->input_count; ++n) {
        if (!translate(context, op->inputs[n], &inputs[n])) {
            return 0;
        }
    }
    return translate(context, op->output, output);
}

static void *kernel_init(tfl_context *context, const char *buffer, size_t size) {
    (void)context;
    (void)size;
    const tfl_delegate_params *params = (const tfl_delegate_params *)(const void *)buffer;
    delegate_op *op = ((delegate_data *)params->delegate->data)->ops;
    while (op != NULL && op->node != params->nodes_to_replace->data[0]) {
        op = op->next;
    }
    return op;
}

static tfl_status kernel_prepare(tfl_context *context, tfl_node *node) {
    delegate_op *op = (delegate_op *)node->user_data;
    host_tensor inputs[HOST_MAX_INPUTS];
    host_tensor output;
    TfcapsClearError();
    if (op == NULL) {
        host_fail("the runtime's delegate structure is not the one tfcaps knows: use another version of it");
        return report(context);
    }
    if (!translate_all(context, op, inputs, &output) ||
        !host_op_prepare(&op->op, inputs, op->input_count, &output)) {
        return report(context);
    }
    free(op->scratch);
    op->scratch = NULL;
    if (op->op.scratch_size > 0 && (op->scratch = malloc(op->op.scratch_size)) == NULL) {
        host_fail("%s: no memory for %zu bytes of scratch", host_names[op->op.kind], op->op.scratch_size);
        return report(context);
    }
    return TFL_OK;
}

static tfl_status kernel_invoke(tfl_context *context, tfl_node *node) {
    const delegate_op *op = (const delegate_op *)node->user_data;
    host_tensor inputs[HOST_MAX_INPUTS];
    host_tensor output;
    TfcapsClearError();
    if (!translate_all(context, op, inputs, &output) ||
        !host_op_invoke(&op->op, inputs, op->input_count, &output, op->scratch)) {
        return report(context);
    }
    return TFL_OK;
}

/* Reads a node's options and notes its tensors. */
static delegate_op *take_node(const tfl_context *context, int index, const tfl_node *node, host_kind kind) {
    size_t count = 0;
    const size_t size = node->custom_initial_data_size > 0 ? (size_t)node->custom_initial_data_size : 0;
    if (node->inputs->size < 1 || node->inputs->size > HOST_MAX_INPUTS || node->outputs->size != 1) {
        host_fail("%s: expected 1 to 3 inputs and 1 output, got %d and %d", host_names[kind],
                  node->inputs->size, node->outputs->size);
        return NULL;
    }
    if (!host_op_storage(kind, node->custom_initial_data, size, &count)) {
        return NULL;
    }
    delegate_op *op = (delegate_op *)calloc(1, sizeof *op);
    if (op == NULL || (count > 0 && (op->storage = (int32_t *)malloc(count * sizeof(int32_t))) == NULL)) {
        host_fail("%s: no memory", host_names[kind]);
        free_op(op);
        return NULL;
    }
    op->node = index;
    op->output = node->outputs->data[0];
    for (int n = 0; n < node->inputs->size; ++n) {
        const int tensor = node->inputs->data[n];
        if (tensor == -1 && n == 2) {
            break; /* a bias left out */
        }
        op->inputs[op->input_count++] = tensor;
        if (tensor < 0 || (size_t)tensor >= context->tensors_size) {
            host_fail("%s: input %d is no tensor", host_names[kind], n);
            free_op(op);
            return NULL;
        }
    }
    if (!host_op_parse(&op->op, kind, node->custom_initial_data, size, op->storage, count)) {
        free_op(op);
        return NULL;
    }
    return op;
}

static tfl_status claim(tfl_context *context, tfl_delegate *delegate, int index) {
    delegate_data *data = (delegate_data *)delegate->data;
    tfl_node *node = NULL;
    tfl_registration *registration = NULL;
    if (context->get_node_and_registration(context, index, &node, &registration) != TFL_OK) {
        return TFL_ERROR;
    }
    const host_kind kind = host_kind_of(registration->custom_name);
    if (kind == HOST_KINDS) {
        return TFL_OK;
    }
    delegate_op *op = take_node(context, index, node, kind);
    if (op == NULL) {
        return report(context);
    }
    op->next = data->ops;
    data->ops = op;
    tfl_registration kernel = {0};
    kernel.init = kernel_init;
    kernel.prepare = kernel_prepare;
    kernel.invoke = kernel_invoke;
    kernel.custom_name = host_names[kind];
    kernel.version = 1;
    const int subset[2] = {1, index}; /* a tfl_int_array of one element */
    return context->replace_node_subsets(context, kernel, (const tfl_int_array *)(const void *)subset,
                                         delegate);
}

static tfl_status prepare(tfl_context *context, tfl_delegate *delegate) {
    tfl_int_array *plan = NULL;
    TfcapsClearError();
    if (context->get_execution_plan(context, &plan) != TFL_OK) {
        return TFL_ERROR;
    }
    const int count = plan->size;
    int *nodes = (int *)malloc((size_t)count * sizeof(int) + 1); /* a replacement changes the plan */
    if (nodes == NULL) {
        return TFL_ERROR;
    }
    memcpy(nodes, plan->data, (size_t)count * sizeof(int));
    tfl_status status = TFL_OK;
    for (int n = 0; n < count && status == TFL_OK; ++n) {
        status = claim(context, delegate, nodes[n]);
    }
    free(nodes);
    return status;
}

HOST_EXPORT tfl_delegate *tflite_plugin_create_delegate(char **keys, char **values, size_t count,
                                                        void (*report_error)(const char *));
HOST_EXPORT void tflite_plugin_destroy_delegate(tfl_delegate *delegate);

tfl_delegate *tflite_plugin_create_delegate(char **keys, char **values, size_t count,
                                            void (*report_error)(const char *)) {
    (void)keys;
    (void)values;
    (void)count;
    delegate_data *data = (delegate_data *)calloc(1, sizeof *data);
    if (data == NULL) {
        if (report_error != NULL) {
            report_error("no memory for a delegate");
        }
        return NULL;
    }
    data->delegate.data = data;
    data->delegate.prepare = prepare;
    data->delegate.flags = TFL_DELEGATE_ALLOWS_DYNAMIC_TENSORS;
    return &data->delegate;
}

void tflite_plugin_destroy_delegate(tfl_delegate *delegate) {
    delegate_data *data = delegate == NULL ? NULL : (delegate_data *)delegate->data;
    while (data != NULL && data->ops != NULL) {
        delegate_op *op = data->ops;
        data->ops = op->next;
        free_op(op);
    }
    free(data);
}
