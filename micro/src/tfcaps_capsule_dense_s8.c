#include "tfcaps/kernels.h"

tfcaps_status tfcaps_capsule_dense_s8(const tfcaps_context *context,
                                      const tfcaps_capsule_dense_params *params,
                                      const tfcaps_capsule_dense_dims *dims, const int8_t *input,
                                      const int8_t *kernel, const int32_t *bias, int8_t *output) {
    return tfcaps_capsule_dense_passes_s8(&tfcaps_passes_any, context, params, dims, input, kernel, bias,
                                          output);
}
