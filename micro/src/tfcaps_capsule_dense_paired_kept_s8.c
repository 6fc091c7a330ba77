#include "tfcaps_routing_paired.h"

tfcaps_status tfcaps_capsule_dense_paired_kept_s8(const tfcaps_context *context,
                                                  const tfcaps_capsule_dense_params *params,
                                                  const tfcaps_capsule_dense_dims *dims, const int8_t *input,
                                                  const int32_t *kernel, const int32_t *bias,
                                                  int8_t *output) {
    static const tfcaps_routing_passes passes = {tfcaps_routing_keep_votes_paired,
                                                 tfcaps_routing_add_kept_paired, tfcaps_paired_suits,
                                                 tfcaps_capsule_dense_s8_kept_get_buffer_size, NULL};
    size_t need = 0;
    if (context != NULL && dims != NULL &&
        (tfcaps_capsule_dense_s8_kept_get_buffer_size(dims, &need) != TFCAPS_OK || context->size < need)) {
        return need == 0 ? TFCAPS_ERROR_DIMS : TFCAPS_ERROR_SCRATCH;
    }
    if (params != NULL && params->iterations == 1) {
        return TFCAPS_ERROR_RANGE;
    }
    return tfcaps_capsule_dense_passes_s8(&passes, context, params, dims, input, kernel, bias, output);
}
