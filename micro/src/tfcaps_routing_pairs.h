/* Passes in assembly on weights in the file's order, two input capsules at a time: what they have in common.
 * They make votes sooner than plain C finds them, and so never keep any. Private.
 *
 * Passes of other sizes are one more file like tfcaps_passes_4_to_6.c, named in tfcaps_passes_any.c and in
 * converters/c/layouts/capsule_passes.py. */
#ifndef TFCAPS_ROUTING_PAIRS_H
#define TFCAPS_ROUTING_PAIRS_H

#include "tfcaps_routing_paired.h"

enum {
    TFCAPS_PAIRS_BYTES = 16 /* of two input capsules of K = 8 */
};

/* Whether there are two input capsules or more of this K, output capsules of D in this multiple, near
 * exponentials and couplings that do not carry. */
int tfcaps_pairs_suit(const tfcaps_routing *r, const int8_t *kernel, int32_t depth, int32_t multiple,
                      int32_t vote_shift);

/* Where there is no assembly, what there is. */
#define TFCAPS_PASSES_WITHOUT_PAIRS(suits)                                                                   \
    {                                                                                                        \
        tfcaps_routing_add_votes, tfcaps_routing_add_coupled, suits,                                         \
            tfcaps_capsule_dense_s8_kept_get_buffer_size, NULL                                               \
    }

/* The plain sums of K = 4. */
void tfcaps_pairs_add_votes_of_4(const tfcaps_routing *r, const int8_t *u, const int8_t *kernel);

/* What passes begin with, and all but the last one of an odd number of input capsules is in them. */
tfcaps_paired_pass tfcaps_pairs_begin(const tfcaps_routing *r, const int8_t *u, const int8_t *kernel);

/* V to the records of tfcaps_routing_plain_blocks.h. */
void tfcaps_pairs_set_blocks(tfcaps_paired_pass *pass);

/* After a pass: whether there has to be another one, for the last input capsule of an odd number. It is made
 * a pair with zeros in the place of the one before, whose votes are zeros then and change no sum. */
int tfcaps_pairs_are_left(tfcaps_paired_pass *pass, int8_t last[TFCAPS_PAIRS_BYTES]);

#endif
