#include <string.h>

#include "tfcaps_cold.h"
#include "tfcaps_routing_pairs.h"

#if defined(TFCAPS_DSP)

TFCAPS_COLD tfcaps_paired_pass tfcaps_pairs_begin(const tfcaps_routing *r, const int8_t *u,
                                                  const int8_t *kernel) {
    tfcaps_paired_pass pass = tfcaps_paired_begin(r, u, kernel);
    pass.end = u + (r->dims->input_capsules & ~1) * r->dims->input_dimension;
    return pass;
}

TFCAPS_COLD int tfcaps_pairs_are_left(tfcaps_paired_pass *pass, int8_t last[TFCAPS_PAIRS_BYTES]) {
    const tfcaps_routing *r = pass->r;
    const int32_t depth = r->dims->input_dimension;
    const int8_t *end = last + 2 * depth;
    if (r->dims->input_capsules % 2 == 0 || pass->u == end) {
        return 0;
    }
    memset(last, r->params->input_zero_point, (size_t)depth);
    memcpy(last + depth, pass->u, (size_t)depth);
    pass->u = last;
    pass->end = end;
    pass->kernel -= r->dims->output_capsules * tfcaps_even(r->dims->output_dimension) * depth / 4;
    return 1;
}

#endif
