#include "tfcaps_routing_pairs.h"

/* K = 8 and D in fours. */

static int suits(const tfcaps_routing *r, const int8_t *kernel) {
    return tfcaps_pairs_suit(r, kernel, 8, 4, 0);
}

#if defined(TFCAPS_DSP)

static void add_votes(const tfcaps_routing *r, const int8_t *u, const int8_t *kernel) {
    tfcaps_paired_pass pass = tfcaps_paired_begin(r, u, kernel);
    pass.end = u + 8 * r->dims->input_capsules;
    pass.records = r->sums;
    pass.records_end = r->sums + r->outputs;
    tfcaps_routing_plain_sum_k8(&pass);
}

static void add_coupled(const tfcaps_routing *r, const int8_t *u, const int8_t *kernel) {
    int8_t last[TFCAPS_PAIRS_BYTES];
    tfcaps_paired_pass pass = tfcaps_pairs_begin(r, u, kernel);
    tfcaps_pairs_set_blocks(&pass);
    do {
        tfcaps_routing_plain_k8(&pass);
    } while (tfcaps_pairs_are_left(&pass, last));
}

const tfcaps_routing_passes tfcaps_passes_8_to_fours = {add_votes, add_coupled, suits, NULL, NULL};

#else

const tfcaps_routing_passes tfcaps_passes_8_to_fours = TFCAPS_PASSES_WITHOUT_PAIRS(suits);

#endif
