#include "tfcaps_cold.h"
#include "tfcaps_routing_pairs.h"

#if defined(TFCAPS_DSP)
#include "tfcaps_dsp.h"

/* What the passes with records of blocks share. */

/* Words of a block's votes, in the records of tfcaps_routing_plain_blocks.h. */
static int32_t block_words(const tfcaps_routing *r) {
    return r->dims->output_dimension % 4 == 0 ? 2 : 1;
}

/* The first word of V in a record and, behind it, of either input capsule's votes: of pair p of outputs,
 * counted over all output capsules. */
static uint32_t *record_of(const tfcaps_paired_pass *pass, int32_t p) {
    const int32_t words = block_words(pass->r);
    return pass->records + 3 * words * (p / words) + p % words;
}

TFCAPS_COLD void tfcaps_pairs_set_blocks(tfcaps_paired_pass *pass) {
    const tfcaps_routing *r = pass->r;
    const int32_t dimension = r->dims->output_dimension;
    for (int32_t p = 0; p < r->outputs / 2; ++p) {
        *record_of(pass, p) = tfcaps_halves(r->scaled[2 * p], r->scaled[2 * p + 1]);
    }
    pass->records_end = pass->records + 3 * (r->outputs / 2);
    pass->skip = dimension / (2 * block_words(r));
    if (r->dims->input_dimension == 4 && dimension % 8 == 0) {
        pass->skip /= 2;
    }
}

TFCAPS_COLD void tfcaps_routing_plain_far(tfcaps_paired_pass *pass) {
    const tfcaps_routing *r = pass->r;
    const int32_t pairs = r->dims->output_dimension / 2;
    for (int32_t n = 0; n < 2; ++n) {
        uint32_t *logits = pass->records_end + n;
        for (int32_t j = 0; j < r->dims->output_capsules; ++j) {
            logits[2 * j] = 0;
            for (int32_t p = j * pairs; p < (j + 1) * pairs; ++p) {
                const uint32_t *record = record_of(pass, p);
                logits[2 * j] = tfcaps_smlad(record[(n + 1) * block_words(r)], *record, logits[2 * j]);
            }
        }
        pass->exp_sums[n] = tfcaps_routing_exps(r, logits, 2, pass->first_exp);
    }
}

#endif
