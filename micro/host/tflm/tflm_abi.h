/* What the TFLite Micro wheel of PyPI shows of itself, declared by hand: registration, node, evaluation
 * tensor and the resolver its Python interpreter hands to a registerer. Field order and types are those of
 * tensorflow/lite/micro/micro_common.h and micro_mutable_op_resolver.h, which has moved into the namespace
 * tflite::micro in autumn 2026. tflm_runtime.c proves the resolver's layout before anything is written. */
#ifndef TFCAPS_TFLM_ABI_H
#define TFCAPS_TFLM_ABI_H

#include <stddef.h>
#include <stdint.h>

typedef struct tflm_int_array {
    int size;
    int data[];
} tflm_int_array;

typedef struct tflm_eval_tensor {
    void *data;
    tflm_int_array *dims;
    int type;
} tflm_eval_tensor;

/* user_data follows, as word 3 or 4: tflm_ops.c finds out. */
typedef struct tflm_node {
    tflm_int_array *inputs;
    tflm_int_array *outputs;
    tflm_int_array *intermediates;
} tflm_node;

typedef struct tflm_registration {
    void *(*init)(void *context, const char *buffer, size_t size);
    void (*free)(void *context, void *buffer);
    int (*prepare)(void *context, tflm_node *node);
    int (*invoke)(void *context, tflm_node *node);
    void (*reset)(void *context, void *buffer);
    int32_t builtin_code;
    const char *custom_name;
} tflm_registration;

enum {
    TFLM_BUILTIN_CUSTOM = 32,
    TFLM_RESOLVER_SIZE = 200
};

/* MicroMutableOpResolver<200>, as the wheel's interpreter has it. */
typedef struct tflm_resolver {
    void *const *vtable;
    tflm_registration registrations[TFLM_RESOLVER_SIZE];
    unsigned count;
    int builtin_codes[TFLM_RESOLVER_SIZE];
    void *builtin_parsers[TFLM_RESOLVER_SIZE];
    unsigned builtin_count;
} tflm_resolver;

/* The functions of the runtime that a kernel needs. */
typedef struct tflm_runtime {
    tflm_eval_tensor *(*eval_input)(const void *context, const tflm_node *node, int index);
    tflm_eval_tensor *(*eval_output)(const void *context, const tflm_node *node, int index);
    void *(*allocate_persistent)(void *context, size_t size);
    int (*request_scratch)(void *context, size_t size, int *index);
    void *(*scratch)(void *context, int index);
} tflm_runtime;

/* Finds the runtime a resolver belongs to and checks that both look as declared here: 1, or 0 with an error.
 */
int tflm_runtime_open(const tflm_resolver *resolver, tflm_runtime *runtime);

/* FindOp of a custom operator; NULL when the resolver has none. Only after tflm_runtime_open. */
const tflm_registration *tflm_resolver_find(const tflm_resolver *resolver, const char *custom_code);

#endif
