/* One capsule operator on a host runtime, whichever: options, checks, the call of the kernel. The runtimes'
 * own files only translate their tensors into host_tensor. No arithmetic here. */
#ifndef TFCAPS_HOST_OP_H
#define TFCAPS_HOST_OP_H

#include <stddef.h>
#include <stdint.h>

#include "tfcaps/kernels.h"

typedef enum host_kind {
    HOST_SQUASH,
    HOST_LENGTH,
    HOST_CAPSULE_DENSE,
    HOST_KINDS
} host_kind;

/* The custom codes of docs/custom_ops.md, by kind. */
extern const char *const host_names[HOST_KINDS];

/* TfLiteType, the same numbers in every runtime. */
enum {
    HOST_INT32 = 2,
    HOST_INT8 = 9
};

typedef struct host_tensor {
    int type;
    int rank;
    const int *dims;
    void *data;    /* NULL while preparing */
    int is_scaled; /* whether the runtime tells scale and zero point */
    float scale;
    int32_t zero_point;
} host_tensor;

enum {
    HOST_MAX_INPUTS = 3
};

typedef struct host_op {
    host_kind kind;
    union {
        tfcaps_squash_params squash;
        tfcaps_length_params length;
        tfcaps_capsule_dense_params dense;
    } params;
    union {
        tfcaps_capsules_dims capsules;
        tfcaps_capsule_dense_dims dense;
    } dims;
    size_t scratch_size; /* bytes, known after host_op_prepare */
} host_op;

/* The kind a custom code stands for, or HOST_KINDS. */
host_kind host_kind_of(const char *custom_code);

/* How many int32_t host_op_parse wants for the multipliers. The three functions below return 1, or 0 with an
 * error (host_error.h) when the options or the tensors are not what docs/custom_ops.md says. */
int host_op_storage(host_kind kind, const void *options, size_t size, size_t *count);
int host_op_parse(host_op *op, host_kind kind, const void *options, size_t size, int32_t *storage,
                  size_t count);
int host_op_prepare(host_op *op, const host_tensor *inputs, int input_count, const host_tensor *output);

/* Computes; scratch has scratch_size bytes, aligned to 8, and may be NULL when that is 0. */
int host_op_invoke(const host_op *op, const host_tensor *inputs, int input_count, const host_tensor *output,
                   void *scratch);

#endif
