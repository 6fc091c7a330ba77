#include "tfcaps_noinline.h"
#include "tfcaps_routing_short.h"

/* A vote in the upper half of a word. Compilers would see that the mask is a constant, and some need an
 * instruction more then. */
static inline uint32_t vote_of(const tfcaps_short_factors *u, const uint32_t *row, uint32_t mask) {
    const uint32_t weights = *row ^ 0x80808080u;
    return ((weights >> 8) & mask) * u->odd + (weights * u->even + u->start);
}

static inline uint32_t odd_bytes(void) {
    uint32_t mask = 0x00FF00FF;
#if defined(__GNUC__)
    __asm__("" : "+r"(mask));
#endif
    return mask;
}

static inline int32_t whole(uint32_t vote) {
    return (int32_t)vote >> 16;
}

#if !defined(TFCAPS_THUMB1) && !defined(TFCAPS_THUMB2)

void tfcaps_short_add_votes(const tfcaps_short_capsule *capsule, const int8_t *kernel, uint32_t *sums,
                            int32_t count) {
    const tfcaps_short_factors u = capsule->factors;
    const uint32_t mask = odd_bytes();
    const uint32_t *row = (const uint32_t *)(const void *)kernel;
    const uint32_t *end = sums + (count & ~1);
    while (sums != end) {
        sums[0] += (uint32_t)whole(vote_of(&u, row, mask));
        sums[1] += (uint32_t)whole(vote_of(&u, row + 1, mask));
        row += 2;
        sums += 2;
    }
    if ((count & 1) != 0) {
        *sums += (uint32_t)whole(vote_of(&u, row, mask));
    }
}

/* e of a logit. */
static inline uint32_t add_exp(tfcaps_short_capsule *u, uint32_t logit) {
    const uint32_t index = tfcaps_table_index(logit, u->exp_shift);
    const uint32_t e = u->table[index % TFCAPS_EXP_ENTRIES];
    u->indices |= index;
    u->exp_sum += e;
    return e;
}

void tfcaps_short_exps(tfcaps_short_capsule *capsule, const int8_t *kernel, int16_t *h, uint32_t *exps) {
    tfcaps_short_capsule u = *capsule;
    const uint32_t mask = odd_bytes();
    const uint32_t *row = (const uint32_t *)(const void *)kernel;
    const int16_t *v = u.v;
    const uint32_t *exps_end = exps + u.capsules;
    while (exps != exps_end) {
        const int16_t *end = h + (u.dimension & ~1);
        uint32_t logit = 0;
        while (h != end) {
            const int32_t first = whole(vote_of(&u.factors, row, mask));
            h[0] = (int16_t)first;
            logit += (uint32_t)(first * v[0]);
            const int32_t second = whole(vote_of(&u.factors, row + 1, mask));
            h[1] = (int16_t)second;
            logit += (uint32_t)(second * v[1]);
            h += 2;
            v += 2;
            row += 2;
        }
        if ((u.dimension & 1) != 0) {
            const int32_t last = whole(vote_of(&u.factors, row++, mask));
            *h++ = (int16_t)last;
            logit += (uint32_t)(last * *v++);
        }
        *exps++ = add_exp(&u, logit);
    }
    capsule->exp_sum = u.exp_sum;
    capsule->indices = u.indices;
}

#endif

void tfcaps_short_keep_votes(const tfcaps_short_capsule *capsule, const int8_t *kernel, uint32_t *sums,
                             int32_t count, int16_t *h) {
    const tfcaps_short_factors u = capsule->factors;
    const uint32_t mask = odd_bytes();
    const uint32_t *row = (const uint32_t *)(const void *)kernel;
    for (const uint32_t *end = sums + count; sums != end;) {
        const int32_t vote = whole(vote_of(&u, row++, mask));
        *h++ = (int16_t)vote;
        *sums++ += (uint32_t)vote;
    }
}
