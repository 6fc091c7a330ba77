#include "tfcaps_routing_paired.h"

tfcaps_status tfcaps_capsule_dense_paired_s8(const tfcaps_context *context,
                                             const tfcaps_capsule_dense_params *params,
                                             const tfcaps_capsule_dense_dims *dims, const int8_t *input,
                                             const int32_t *kernel, const int32_t *bias, int8_t *output) {
    static const tfcaps_routing_passes passes = {
        tfcaps_routing_add_votes_paired, tfcaps_routing_add_coupled_paired, tfcaps_paired_suits, NULL};
    return tfcaps_routing_run(&passes, context, params, dims, input, (const int8_t *)(const void *)kernel,
                              bias, output);
}
