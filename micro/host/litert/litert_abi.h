/* What a delegate needs of TensorFlow Lite's C structures, declared by hand so that no runtime's headers are
 * needed. Field order and types are those of tensorflow/lite/core/c/common.h since TensorFlow 2.13; later
 * versions only append. delegate.c looks at every tensor it takes for consistency before it trusts this. */
#ifndef TFCAPS_LITERT_ABI_H
#define TFCAPS_LITERT_ABI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum tfl_status {
    TFL_OK = 0,
    TFL_ERROR = 1
} tfl_status;

typedef struct tfl_int_array {
    int size;
    int data[];
} tfl_int_array;

typedef struct tfl_tensor {
    int type;
    void *data;
    tfl_int_array *dims;
    float scale;
    int32_t zero_point;
    int allocation_type;
    size_t bytes;
    const void *allocation;
    const char *name;
    void *delegate;
    int buffer_handle;
    bool data_is_stale;
    bool is_variable;
    int quantization_type;
    void *quantization_params;
    void *sparsity;
    const tfl_int_array *dims_signature;
} tfl_tensor;

typedef struct tfl_node {
    tfl_int_array *inputs;
    tfl_int_array *outputs;
    tfl_int_array *intermediates;
    tfl_int_array *temporaries;
    void *user_data;
    void *builtin_data;
    const void *custom_initial_data;
    int custom_initial_data_size;
    void *delegate;
    bool might_have_side_effect;
} tfl_node;

typedef struct tfl_context tfl_context;
typedef struct tfl_delegate tfl_delegate;

typedef struct tfl_registration {
    void *(*init)(tfl_context *, const char *, size_t);
    void (*free)(tfl_context *, void *);
    tfl_status (*prepare)(tfl_context *, tfl_node *);
    tfl_status (*invoke)(tfl_context *, tfl_node *);
    const char *(*profiling_string)(const tfl_context *, const tfl_node *);
    int32_t builtin_code;
    const char *custom_name;
    int version;
    void *registration_external;
    void *async_kernel;
    uint64_t inplace_operator;
    void *spare[4]; /* room for fields to come: the structure is passed by value */
} tfl_registration;

struct tfl_context {
    size_t tensors_size;
    tfl_status (*get_execution_plan)(tfl_context *, tfl_int_array **);
    tfl_tensor *tensors;
    void *impl;
    tfl_status (*resize_tensor)(tfl_context *, tfl_tensor *, tfl_int_array *);
    void (*report_error)(tfl_context *, const char *, ...);
    tfl_status (*add_tensors)(tfl_context *, int, int *);
    tfl_status (*get_node_and_registration)(tfl_context *, int, tfl_node **, tfl_registration **);
    tfl_status (*replace_node_subsets)(tfl_context *, tfl_registration, const tfl_int_array *,
                                       tfl_delegate *);
};

enum {
    TFL_DELEGATE_ALLOWS_DYNAMIC_TENSORS = 1
};

struct tfl_delegate {
    void *data;
    tfl_status (*prepare)(tfl_context *, tfl_delegate *);
    void *copy_from_buffer_handle;
    void *copy_to_buffer_handle;
    void *free_buffer_handle;
    int64_t flags;
    void *opaque_builder;
    void *spare[4];
};

typedef struct tfl_delegate_params {
    tfl_delegate *delegate;
    tfl_int_array *nodes_to_replace;
    tfl_int_array *input_tensors;
    tfl_int_array *output_tensors;
} tfl_delegate_params;

#endif
