#include "tfcaps_cold.h"
#include "tfcaps_routing_pairs.h"

TFCAPS_COLD int tfcaps_pairs_suit(const tfcaps_routing *r, const int8_t *kernel, int32_t depth,
                                  int32_t multiple, int32_t vote_shift) {
    return r->dims->input_capsules >= 2 && r->dims->input_dimension == depth &&
           r->dims->output_dimension % multiple == 0 && r->params->vote_shift == vote_shift && !r->carries &&
           r->exp_shift == TFCAPS_LOGIT_BITS - TFCAPS_STEP_BITS && (uintptr_t)kernel % 4 == 0;
}
