#include "tfcaps_routing_pairs.h"

/* K = 4 and D in eights. */

static int suits(const tfcaps_routing *r, const int8_t *kernel) {
    return tfcaps_pairs_suit(r, kernel, 4, 8, 0);
}

#if defined(TFCAPS_DSP)

static void add_coupled(const tfcaps_routing *r, const int8_t *u, const int8_t *kernel) {
    int8_t last[TFCAPS_PAIRS_BYTES];
    tfcaps_paired_pass pass = tfcaps_pairs_begin(r, u, kernel);
    tfcaps_pairs_set_blocks(&pass);
    do {
        tfcaps_routing_plain_8(&pass);
    } while (tfcaps_pairs_are_left(&pass, last));
}

const tfcaps_routing_passes tfcaps_passes_4_to_eights = {tfcaps_pairs_add_votes_of_4, add_coupled, suits,
                                                         NULL, NULL};

#else

const tfcaps_routing_passes tfcaps_passes_4_to_eights = TFCAPS_PASSES_WITHOUT_PAIRS(suits);

#endif
