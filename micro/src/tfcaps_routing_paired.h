/* Routing on weights in pairs: outputs d and d + 1 share a halfword, 256 w[d + 1] - w[d], so that one product
 * of halfwords serves both. Private.
 *
 * kernel [I, J, P, K / 2] words, P = ceil(D / 2): for each four taps k the two words (k + 2, k) and (k + 3, k
 * + 1), the first tap named in the low half, the other in the high half and negated. For that is how SMUSDX,
 * the difference of crossed products, multiplies two taps: by (k, k + 2) as bytes are taken apart it is 256
 * high - low, and with its operands exchanged, on the low bytes of the weights, it is + low. Added up, they
 * leave 256 high alone. A pair of votes is a word too, that of d in the low half. */
#ifndef TFCAPS_ROUTING_PAIRED_H
#define TFCAPS_ROUTING_PAIRED_H

#include "tfcaps_routing.h"

enum {
    TFCAPS_PAIRED_MAX_DEPTH = 64,
};

void tfcaps_routing_add_votes_paired(const tfcaps_routing *r, const int8_t *u, const int8_t *kernel);
void tfcaps_routing_add_coupled_paired(const tfcaps_routing *r, const int8_t *u, const int8_t *kernel);
void tfcaps_routing_keep_votes_paired(const tfcaps_routing *r, const int8_t *u, const int8_t *kernel);
void tfcaps_routing_add_kept_paired(const tfcaps_routing *r, const int8_t *u, const int8_t *kernel);

/* Whether the kernel's layout and its limits suit a routing. */
int tfcaps_paired_suits(const tfcaps_routing *r, const int8_t *kernel);

/* What a coupled pass over two input capsules at a time works with. Its records, one an output capsule, are
 * votes [P] and e of the first input capsule, then of the second: words. The routines in assembly know the
 * offsets; they load the first ones together. */
typedef struct tfcaps_paired_pass {
    const int8_t *u;         /* 0: of the next input capsule */
    uint32_t second;         /* 4: the bytes of the turn's second input capsule */
    uint32_t zero;           /* 8: minus the zero point in both halves */
    const void *end;         /* 12: of u, or of votes that are kept */
    uint32_t *factors;       /* 16: V [J, P], then tfcaps_paired_ends in assembly */
    const uint16_t *table;   /* 20: the entry of zero */
    uint32_t first_exp;      /* 24: e of b_none, or 0; less 2^24 a turn of a loop for P = 3 */
    const uint32_t *kernel;  /* 28: of the next input capsule */
    uint32_t *records;       /* 32 */
    uint32_t *sums;          /* 36: [J, 2 P] */
    uint32_t *records_end;   /* 40 */
    int32_t narrow;          /* 44 */
    int32_t skip;            /* 48: output capsules that the last five lack */
    uint32_t exp_sums[2];    /* 52 */
    const tfcaps_routing *r; /* 60 */
} tfcaps_paired_pass;

/* What the routines for P = 3 go on with behind V, where their pointer to it ends up: the second input
 * capsule, and then both. */
typedef struct tfcaps_paired_ends {
    uint32_t *factors;
    uint32_t first_exp;
    uint32_t *second_records;
    uint32_t exp_sum; /* of the first input capsule */
    int32_t narrow;
    uint32_t ones; /* 2^32 - 1 */
    uint32_t *records;
    uint32_t *sums;
} tfcaps_paired_ends;

/* What all passes begin with; and those over logits: V to the records. */
tfcaps_paired_pass tfcaps_paired_begin(const tfcaps_routing *r, const int8_t *u, const int8_t *kernel);
void tfcaps_paired_set_records(tfcaps_paired_pass *pass);

/* The sums from [J, 2 P] to [J, D] in place, for odd D. */
void tfcaps_paired_drop_padding(const tfcaps_routing *r);

/* Plain sums of so many input capsules; their votes to kept, if that is not NULL. */
void tfcaps_paired_add_votes(tfcaps_paired_pass *pass, int32_t inputs, uint32_t *kept);

/* One input capsule in a pass over logits; its votes from kept, if that is not NULL. */
void tfcaps_paired_add_coupled(tfcaps_paired_pass *pass, const uint32_t *kept);

/* Whether the routines in assembly are made for a routing. */
static inline int tfcaps_paired_is_4_to_6(const tfcaps_routing *r) {
    return r->dims->input_dimension == 4 && tfcaps_even(r->dims->output_dimension) == 6;
}

/* Corrects e and exp_sums of both input capsules where a logit is far from zero. */
void tfcaps_routing_paired_far(tfcaps_paired_pass *pass);

/* The coupled pass for K = 4, P = 3 and an even number of input capsules; and for D = 5 alone. */
void tfcaps_routing_paired_6(tfcaps_paired_pass *pass);
void tfcaps_routing_paired_5(tfcaps_paired_pass *pass);

/* The same on kept votes, at kernel. */
void tfcaps_routing_paired_kept_6(tfcaps_paired_pass *pass);

/* Sums of the votes for K = 4, P = 3. Here records are sums [J, P, 2]: of 256 h[d + 1] - h[d] and of h[d]. */
void tfcaps_routing_paired_sum_6(tfcaps_paired_pass *pass);
void tfcaps_routing_paired_sum_5(tfcaps_paired_pass *pass);

/* Makes the votes of all input capsules, to records, and adds them to the sums, which end at records_end.
 * Returns 0 if one of them may not fit 16 bits: what it has made is of no use then. */
int32_t tfcaps_routing_paired_keep_6(tfcaps_paired_pass *pass);

/* On weights in the file's order, K = 4 or at the end K = 8; no limit of input capsules. */

/* The coupled pass for D = 6, as tfcaps_routing_paired_6, and for D in twos, fours or eights, with the
 * records of tfcaps_routing_plain_blocks.h. */
void tfcaps_routing_plain_6(tfcaps_paired_pass *pass);
void tfcaps_routing_plain_2(tfcaps_paired_pass *pass);
void tfcaps_routing_plain_4(tfcaps_paired_pass *pass);
void tfcaps_routing_plain_8(tfcaps_paired_pass *pass);

/* As tfcaps_routing_paired_far. */
void tfcaps_routing_plain_far(tfcaps_paired_pass *pass);

/* Adds the votes to J D >= 6 sums at records; those up to records_end are in blocks of six, and sums is the
 * end of all. */
void tfcaps_routing_plain_sum(tfcaps_paired_pass *pass);

/* K = 8, D in fours, for vote_shift 0 and 1: the coupled pass with the records of tfcaps_routing_plain_4, and
 * the votes added to the sums at records. */
void tfcaps_routing_plain_k8(tfcaps_paired_pass *pass);
void tfcaps_routing_plain_k8_shifted(tfcaps_paired_pass *pass);
void tfcaps_routing_plain_sum_k8(tfcaps_paired_pass *pass);
void tfcaps_routing_plain_sum_k8_shifted(tfcaps_paired_pass *pass);

#endif
