#include "tfcaps_routing.h"

tfcaps_status tfcaps_capsule_dense_s8(const tfcaps_context *context,
                                      const tfcaps_capsule_dense_params *params,
                                      const tfcaps_capsule_dense_dims *dims, const int8_t *input,
                                      const int8_t *kernel, const int32_t *bias, int8_t *output) {
    static const tfcaps_routing_passes passes = {tfcaps_routing_add_votes, tfcaps_routing_add_coupled, NULL,
                                                 tfcaps_capsule_dense_s8_kept_get_buffer_size};
    return tfcaps_routing_run(&passes, context, params, dims, input, kernel, bias, output);
}
