#include "tfcaps_routing_paired.h"

tfcaps_status tfcaps_capsule_dense_paired_s8(const tfcaps_context *context,
                                             const tfcaps_capsule_dense_params *params,
                                             const tfcaps_capsule_dense_dims *dims, const int8_t *input,
                                             const int32_t *kernel, const int32_t *bias, int8_t *output) {
    static const tfcaps_routing_passes *const quicker[] = {&tfcaps_passes_paired_4_to_6, NULL};
    static const tfcaps_routing_passes passes = {tfcaps_routing_add_votes_paired,
                                                 tfcaps_routing_add_coupled_paired, tfcaps_paired_suits, NULL,
                                                 quicker};
    return tfcaps_capsule_dense_passes_s8(&passes, context, params, dims, input, kernel, bias, output);
}
