#include "tfcaps_cold.h"
#include "tfcaps_routing_pairs.h"

#if defined(TFCAPS_DSP)

TFCAPS_COLD void tfcaps_pairs_add_votes_of_4(const tfcaps_routing *r, const int8_t *u, const int8_t *kernel) {
    const int32_t blocks = r->outputs / 6;
    tfcaps_paired_pass pass = tfcaps_paired_begin(r, u, kernel);
    pass.end = u + 4 * r->dims->input_capsules;
    pass.records = r->sums;
    pass.records_end = r->sums + 6 * blocks;
    pass.sums = r->sums + r->outputs;
    pass.skip = (5 - blocks % 5) % 5;
    tfcaps_routing_plain_sum(&pass);
}

#endif
