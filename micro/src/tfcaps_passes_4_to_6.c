#include "tfcaps_routing_pairs.h"

/* K = 4 and D = 6, whose records are those of paired weights. */

static int suits(const tfcaps_routing *r, const int8_t *kernel) {
    return r->dims->output_dimension == 6 && tfcaps_pairs_suit(r, kernel, 4, 6, 0);
}

#if defined(TFCAPS_DSP)

static void add_coupled(const tfcaps_routing *r, const int8_t *u, const int8_t *kernel) {
    int8_t last[TFCAPS_PAIRS_BYTES];
    tfcaps_paired_pass pass = tfcaps_pairs_begin(r, u, kernel);
    tfcaps_paired_set_records(&pass);
    do {
        tfcaps_routing_plain_6(&pass);
    } while (tfcaps_pairs_are_left(&pass, last));
}

const tfcaps_routing_passes tfcaps_passes_4_to_6 = {tfcaps_pairs_add_votes_of_4, add_coupled, suits, NULL,
                                                    NULL};

#else

const tfcaps_routing_passes tfcaps_passes_4_to_6 = TFCAPS_PASSES_WITHOUT_PAIRS(suits);

#endif
