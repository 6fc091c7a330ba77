/* Capsule operators for int8 networks in portable C99: the manual.
 *
 *     static int64_t scratch[256];
 *     tfcaps_context context = {scratch, sizeof scratch};
 *     tfcaps_capsule_dense_params params = {.iterations = 3, .multiplier = units, .multiplier_count = 60,
 * ...}; tfcaps_capsule_dense_dims dims = {.batches = 1, .input_capsules = 1024, .input_dimension = 4,
 *                                       .output_capsules = 10, .output_dimension = 6};
 *     size_t need = 0;
 *     if (tfcaps_capsule_dense_s8_get_buffer_size(&dims, &need) != TFCAPS_OK || need > sizeof scratch) ...
 *     tfcaps_status status = tfcaps_capsule_dense_s8(&context, &params, &dims, input, kernel, NULL, output);
 *
 * Every function checks its arguments first, and on anything but TFCAPS_OK has written nothing. No function
 * allocates, uses floating point, keeps state or needs more of the C library than string.h. Tensors are dense
 * and row-major. The arithmetic is specified bit by bit in docs/numerics.md; the parameters are the custom
 * options of docs/custom_ops.md, which tfcaps/options.h reads out of a .tflite.
 */
#ifndef TFCAPS_KERNELS_H
#define TFCAPS_KERNELS_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum tfcaps_status {
    TFCAPS_OK = 0,
    TFCAPS_ERROR_NULL = 1,      /* a pointer that must not be NULL is */
    TFCAPS_ERROR_RANGE = 2,     /* a parameter outside the range of docs/custom_ops.md */
    TFCAPS_ERROR_DIMS = 3,      /* a dimension outside its limit, or tensors larger than the address space */
    TFCAPS_ERROR_SCRATCH = 4,   /* scratch that is too small or not aligned to 8 bytes */
    TFCAPS_ERROR_OPTIONS = 5,   /* custom options that are malformed, or storage too small for them */
    TFCAPS_ERROR_SELF_TEST = 6, /* outputs of a generated program that are not those stored with it */
} tfcaps_status;

/* Scratch memory of the caller, aligned to 8 bytes; its contents mean nothing between two calls. */
typedef struct tfcaps_context {
    void *buf;
    size_t size; /* bytes */
} tfcaps_context;

/* Limits of the dimensions; the intermediate values of docs/numerics.md fit their types up to these. */
enum {
    TFCAPS_MAX_DIMENSION = 256,
    TFCAPS_MAX_INPUT_CAPSULES = 65535,
    TFCAPS_MAX_INPUT_DIMENSION = 1024,
    TFCAPS_MAX_OUTPUT_CAPSULES = 4096,
    TFCAPS_MAX_OUTPUTS = 65535, /* output capsules times output dimension */
};

/* A tensor of capsules [capsules, dimension], whatever the capsules are arranged as. */
typedef struct tfcaps_capsules_dims {
    int32_t capsules;  /* >= 0 */
    int32_t dimension; /* D, 1 ... 256 */
} tfcaps_capsules_dims;

/* --- Squash: v = s |s| / (1 + |s|^2). Output scale 1/128, zero point 0; may be computed in place. --- */

typedef struct tfcaps_squash_params {
    int32_t input_zero_point;      /* -128 ... 127 */
    uint32_t inverse_square_scale; /* K = round(16 / scale^2), 1 ... 2^31 */
} tfcaps_squash_params;

tfcaps_status tfcaps_squash_s8(const tfcaps_squash_params *params, const tfcaps_capsules_dims *dims,
                               const int8_t *input, int8_t *output);

/* --- Length: |v|, one value a capsule. --- */

typedef struct tfcaps_length_params {
    int32_t input_zero_point;  /* -128 ... 127 */
    int32_t output_zero_point; /* -128 ... 127 */
    int32_t multiplier;        /* >= 0; multiplier / 2^shift = input scale / output scale / 2^(f/2) */
    int32_t shift;             /* 1 ... 62 */
} tfcaps_length_params;

tfcaps_status tfcaps_length_s8(const tfcaps_length_params *params, const tfcaps_capsules_dims *dims,
                               const int8_t *input, int8_t *output);

/* --- CapsuleDense: votes of every input capsule for every output capsule, and the routing between them. ---
 */

typedef struct tfcaps_capsule_dense_params {
    int32_t input_zero_point;  /* -128 ... 127 */
    int32_t iterations;        /* 1 ... 16 */
    int32_t leaky;             /* 0 or 1 */
    int32_t vote_shift;        /* 0 ... 16 */
    int32_t sum_shift;         /* 1 ... 62 */
    int32_t logit_shift;       /* 1 ... 62 */
    int32_t logit_bits;        /* 8 ... 30 */
    int32_t multiplier_count;  /* elements of multiplier: output capsules times output dimension */
    const int32_t *multiplier; /* the unit of (j, d), each >= 0 */
} tfcaps_capsule_dense_params;

typedef struct tfcaps_capsule_dense_dims {
    int32_t batches;          /* N, >= 0 */
    int32_t input_capsules;   /* I, 1 ... 65535 */
    int32_t input_dimension;  /* K, 1 ... 1024 */
    int32_t output_capsules;  /* J, 1 ... 4096 */
    int32_t output_dimension; /* D, 1 ... 256; J * D <= 65535 */
} tfcaps_capsule_dense_dims;

/* How many bytes of scratch tfcaps_capsule_dense_s8 needs: 18 J D + 16 J, rounded up to 8, and 8 J more where
 * D is odd. */
tfcaps_status tfcaps_capsule_dense_s8_get_buffer_size(const tfcaps_capsule_dense_dims *dims, size_t *size);

/* With how many it keeps the votes of iteration 0, which costs fewer instructions than making them again in
 * every iteration and gives the same bits: 2 I J D more, or 2 I J (D + 1) where D is odd. */
tfcaps_status tfcaps_capsule_dense_s8_kept_get_buffer_size(const tfcaps_capsule_dense_dims *dims,
                                                           size_t *size);

/* input [N, I, K], kernel [I, J * D, K], bias [J * D] in Q12 or NULL, output [N, J, D] of scale 1/128. */
tfcaps_status tfcaps_capsule_dense_s8(const tfcaps_context *context,
                                      const tfcaps_capsule_dense_params *params,
                                      const tfcaps_capsule_dense_dims *dims, const int8_t *input,
                                      const int8_t *kernel, const int32_t *bias, int8_t *output);

/* The same with passes over the input capsules that are named. tfcaps_capsule_dense_s8 has all that the
 * processor has and takes those that are quickest for a layer; a program whose sizes are known names them,
 * and links no others. TFCAPS_ERROR_RANGE where they do not suit. On processors that have none of their own
 * they do what tfcaps_capsule_dense_s8 does. */
typedef struct tfcaps_routing_passes tfcaps_routing_passes;

extern const tfcaps_routing_passes tfcaps_passes_any; /* what tfcaps_capsule_dense_s8 has */

/* I >= 2, logit_bits of at least 24, and J <= 2^(16 - n) of docs/numerics.md (128 for up to 1,024 input
 * capsules); kernel aligned to 4 bytes. vote_shift 1 for "shifted", else 0. */
extern const tfcaps_routing_passes tfcaps_passes_4_to_6;      /* K = 4, D = 6 */
extern const tfcaps_routing_passes tfcaps_passes_4_to_twos;   /* K = 4, D a multiple of 2, J D >= 6 */
extern const tfcaps_routing_passes tfcaps_passes_4_to_fours;  /* K = 4, D a multiple of 4, J D >= 6 */
extern const tfcaps_routing_passes tfcaps_passes_4_to_eights; /* K = 4, D a multiple of 8 */
extern const tfcaps_routing_passes tfcaps_passes_8_to_fours;  /* K = 8, D a multiple of 4 */
extern const tfcaps_routing_passes tfcaps_passes_8_to_fours_shifted;

/* K = 4, D = 5 or 6, with the kernel of tfcaps_capsule_dense_paired_s8 */
extern const tfcaps_routing_passes tfcaps_passes_paired_4_to_6;
extern const tfcaps_routing_passes tfcaps_passes_paired_4_to_5; /* D = 5 alone */
/* The same with kept votes: I even, at least 2 iterations, and the scratch for it. */
extern const tfcaps_routing_passes tfcaps_passes_paired_4_to_6_kept;

tfcaps_status tfcaps_capsule_dense_passes_s8(const tfcaps_routing_passes *passes,
                                             const tfcaps_context *context,
                                             const tfcaps_capsule_dense_params *params,
                                             const tfcaps_capsule_dense_dims *dims, const int8_t *input,
                                             const void *kernel, const int32_t *bias, int8_t *output);

/* The same bits from a kernel of words [I, J, ceil(D / 2), K / 2] in which outputs d and d + 1 share a
 * halfword, 256 w[d + 1] - w[d]: for each four taps k the words (k + 2, k) and (k + 3, k + 1), the tap named
 * first in the low half, the other one negated in the high half; no weight is -128. Quick on Cortex-M4, M7
 * and M33. K a multiple of 4 of at most 64, no vote_shift, logit_bits of at least 24, and J <= 2^(16 - n) of
 * docs/numerics.md (128 for up to 1,024 input capsules); else TFCAPS_ERROR_RANGE. */
tfcaps_status tfcaps_capsule_dense_paired_s8(const tfcaps_context *context,
                                             const tfcaps_capsule_dense_params *params,
                                             const tfcaps_capsule_dense_dims *dims, const int8_t *input,
                                             const int32_t *kernel, const int32_t *bias, int8_t *output);

/* The same with kept votes, at least 2 iterations and tfcaps_capsule_dense_s8_kept_get_buffer_size bytes of
 * scratch: fewer instructions. The other one makes votes again however much scratch there is. */
tfcaps_status tfcaps_capsule_dense_paired_kept_s8(const tfcaps_context *context,
                                                  const tfcaps_capsule_dense_params *params,
                                                  const tfcaps_capsule_dense_dims *dims, const int8_t *input,
                                                  const int32_t *kernel, const int32_t *bias, int8_t *output);

/* Scratch that tfcaps_capsule_dense_padded_s8 needs: that of tfcaps_capsule_dense_s8, and I K' + J D'. */
tfcaps_status tfcaps_capsule_dense_padded_s8_get_buffer_size(const tfcaps_capsule_dense_dims *dims,
                                                             size_t *size);

/* With how many it keeps votes: as many more as tfcaps_capsule_dense_s8 wants for that. */
tfcaps_status tfcaps_capsule_dense_padded_s8_kept_get_buffer_size(const tfcaps_capsule_dense_dims *dims,
                                                                  size_t *size);

/* The same bits for K and D that have no quick loop, by way of K' >= K and D' >= D that have one, those of
 * dims: kernel [I, J * D', K'] and bias [J * D'] are zero wherever K or D ends, params has units for J * D'.
 * input [N, I, K], output [N, J, D]. passes suit dims. No power of four may be at least D and below D'; else
 * TFCAPS_ERROR_RANGE. */
tfcaps_status tfcaps_capsule_dense_padded_s8(const tfcaps_routing_passes *passes,
                                             const tfcaps_context *context,
                                             const tfcaps_capsule_dense_params *params,
                                             const tfcaps_capsule_dense_dims *dims, int32_t input_dimension,
                                             int32_t output_dimension, const int8_t *input,
                                             const int8_t *kernel, const int32_t *bias, int8_t *output);

#ifdef __cplusplus
}
#endif

#endif
