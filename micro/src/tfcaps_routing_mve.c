#include "tfcaps_noinline.h"
#include "tfcaps_routing.h"

#if defined(TFCAPS_MVE)

#include <arm_mve.h>

/* Four input capsules at a time, one in each lane: a gather reads four bytes of a transformation for each of
 * them, and everything from there to the weighted votes is the same in all lanes, whatever J and D are. What
 * does not come in such tiles goes to the plain functions.
 *
 * A tile of votes is [J * D, 4]. So are those that are kept. */

enum {
    TILE = 4,
    MOST_GROUPS = 8 /* of four dimensions of an input capsule */
};

/* The input capsules of a tile, and where their transformations are. */
typedef struct tile {
    int8x16_t u[MOST_GROUPS]; /* four dimensions of each of the four */
    uint32x4_t kernel;        /* addresses, less one step */
} tile;

static int in_tiles(const tfcaps_routing *r, const int8_t *u, const int8_t *kernel) {
    const int32_t depth = r->dims->input_dimension;
    return r->params->input_zero_point == 0 && depth % 4 == 0 && depth <= 4 * MOST_GROUPS &&
           ((uintptr_t)u | (uintptr_t)kernel) % 4 == 0;
}

static inline void load_tile(const int8_t *u, const int8_t *kernel, int32_t outputs, int32_t groups,
                             tile *t) {
    const uint32x4_t lanes = vidupq_n_u32(0, 1);
    const uint32_t depth = 4 * (uint32_t)groups;
#pragma GCC unroll 1
    for (int32_t g = 0; g < groups; ++g) {
        t->u[g] = vreinterpretq_s8_s32(
            vldrwq_gather_offset_s32((const int32_t *)(const void *)(u + 4 * g), vmulq_n_u32(lanes, depth)));
    }
    t->kernel = vaddq_n_u32(vmulq_n_u32(lanes, depth * (uint32_t)outputs), (uint32_t)(uintptr_t)kernel - 4);
}

/* The next four dimensions of all four transformations. GCC 12 cannot compile vldrwq_gather_base_wb_s32 here.
 */
static inline int8x16_t next_weights(tile *t) {
    int8x16_t weights;
    __asm__("vldrw.u32 %q0, [%q1, #4]!" : "=&w"(weights), "+w"(t->kernel));
    return weights;
}

/* The next vote of each. Without wide only its lower 16 bits are right, before they are made 32 bits again:
 * enough where nothing is shifted off. */
static inline int32x4_t next_votes(tile *t, int32_t groups, int wide, int32_t shift) {
    if (!wide) {
        int16x8_t pairs = vdupq_n_s16(0);
#pragma GCC unroll 1
        for (int32_t g = 0; g < groups; ++g) {
            const int8x16_t weights = next_weights(t);
            const int16x8_t even = vmullbq_int_s8(weights, t->u[g]);
            pairs = g == 0 ? even : vaddq_s16(pairs, even);
            pairs = vaddq_s16(pairs, vmulltq_int_s8(weights, t->u[g]));
        }
        return vmovlbq_s16(vcaddq_rot270_s16(pairs, pairs));
    }
    int32x4_t sum = vdupq_n_s32(0);
#pragma GCC unroll 1
    for (int32_t g = 0; g < groups; ++g) {
        const int8x16_t weights = next_weights(t);
        const int16x8_t even = vmullbq_int_s8(weights, t->u[g]);
        const int16x8_t odd = vmulltq_int_s8(weights, t->u[g]);
        sum = vaddq_s32(sum, vaddq_s32(vmovlbq_s16(even), vmovltq_s16(even)));
        sum = vaddq_s32(sum, vaddq_s32(vmovlbq_s16(odd), vmovltq_s16(odd)));
    }
    return vrshlq_s32(sum, vdupq_n_s32(-shift));
}

/* Adds up the votes of so many tiles, and keeps them if they are to be kept. */
static inline void add_tiles(const tfcaps_routing *r, int32_t tiles, const int8_t *u, const int8_t *kernel,
                             int32_t groups) {
    const int32_t outputs = r->outputs;
    int16_t *kept = r->kept_votes;
    for (; tiles > 0; --tiles) {
        tile t;
        load_tile(u, kernel, outputs, groups, &t);
        int32_t *sum = (int32_t *)r->sums;
        for (const int32_t *end = sum + outputs; sum != end; ++sum) {
            const int32x4_t votes = next_votes(&t, groups, 1, r->params->vote_shift);
            *sum = vaddvaq_s32(*sum, votes);
            if (kept != NULL) {
                vstrhq_s32(kept, votes);
                kept += TILE;
            }
        }
        u += TILE * 4 * groups;
        kernel += TILE * 4 * groups * outputs;
    }
}

/* The same where nothing is shifted off and nothing kept: plain products. */
static void add_products(const tfcaps_routing *r, int32_t tiles, const int8_t *u, const int8_t *kernel,
                         int32_t groups) {
    const int32_t outputs = r->outputs;
    for (; tiles > 0; --tiles) {
        tile t;
        load_tile(u, kernel, outputs, groups, &t);
        int32_t *sum = (int32_t *)r->sums;
        for (const int32_t *end = sum + outputs; sum != end; ++sum) {
            int32_t found = *sum;
#pragma GCC unroll 1
            for (int32_t g = 0; g < groups; ++g) {
                found = vmladavaq_s8(found, next_weights(&t), t.u[g]);
            }
            *sum = found;
        }
        u += TILE * 4 * groups;
        kernel += TILE * 4 * groups * outputs;
    }
}

/* The same for input capsules of four dimensions, two tiles at a time; returns how many are left. In assembly
 * because GCC needs 24 instructions where these are 11. */
static int32_t add_products_of_4(const tfcaps_routing *r, int32_t tiles, const int8_t *u,
                                 const int8_t *kernel) {
    const int32_t outputs = r->outputs;
    for (; tiles > 1; tiles -= 2) {
        tile t;
        tile t1;
        load_tile(u, kernel, outputs, 1, &t);
        load_tile(u + 4 * TILE, kernel + 4 * TILE * outputs, outputs, 1, &t1);
        uint32_t *sum = r->sums;
        __asm__ volatile(/* clang-format off */
            "wls lr, %[pairs], 2f\n"
            "1:\n"
            "vldrw.u32 q0, [%q[w0], #4]!\n"
            "vldrw.u32 q1, [%q[w1], #4]!\n"
            "ldrd r0, r2, [%[sum]]\n"
            "vmladava.s8 r0, q0, %q[u0]\n"
            "vldrw.u32 q0, [%q[w0], #4]!\n"
            "vmladava.s8 r0, q1, %q[u1]\n"
            "vldrw.u32 q1, [%q[w1], #4]!\n"
            "vmladava.s8 r2, q0, %q[u0]\n"
            "vmladava.s8 r2, q1, %q[u1]\n"
            "strd r0, r2, [%[sum]], #8\n"
            "le lr, 1b\n"
            "2:\n"
            : [w0] "+w"(t.kernel), [w1] "+w"(t1.kernel), [sum] "+r"(sum)
            : [pairs] "r"(outputs >> 1), [u0] "w"(t.u[0]), [u1] "w"(t1.u[0])
            : "r0", "r2", "lr", "q0", "q1", "memory"
        ); /* clang-format on */
        if (outputs & 1) {
            *sum = (uint32_t)vmladavaq_s8((int32_t)*sum, next_weights(&t), t.u[0]);
            *sum = (uint32_t)vmladavaq_s8((int32_t)*sum, next_weights(&t1), t1.u[0]);
        }
        u += 2 * 4 * TILE;
        kernel += 2 * 4 * TILE * outputs;
    }
    return tiles;
}

/* e of a tile where some of them are far; returns the sums. */
static TFCAPS_NOINLINE uint32x4_t replace_far(const tfcaps_routing *r, const int16_t *votes, uint32_t *exps,
                                              uint32x4_t table_indices, uint32x4_t exp_sums) {
    const int32_t dimension = r->dims->output_dimension;
    uint32_t indices[TILE];
    uint32_t sums[TILE];
    vst1q_u32(indices, table_indices);
    vst1q_u32(sums, exp_sums);
    for (int32_t lane = 0; lane < TILE; ++lane) {
        if (!tfcaps_is_far(indices[lane])) {
            continue;
        }
        for (int32_t j = 0; j < r->dims->output_capsules; ++j) {
            uint32_t logit = 0;
            for (int32_t n = j * dimension; n < (j + 1) * dimension; ++n) {
                logit += (uint32_t)(votes[TILE * n + lane] * r->scaled[n]);
            }
            exps[TILE * j + lane] = logit;
        }
        sums[lane] = tfcaps_routing_far_exps(r, exps + lane, TILE);
    }
    return vld1q_u32(sums);
}

/* c from e in each lane where they carry. */
static TFCAPS_NOINLINE void carry(const tfcaps_routing *r, uint32_t *exps, uint32x4_t sums) {
    uint32_t sum[TILE];
    vst1q_u32(sum, sums);
    for (int32_t lane = 0; lane < TILE; ++lane) {
        tfcaps_routing_carry(r, sum[lane], exps + lane, TILE);
    }
}

/* tfcaps_couple in each lane. */
static inline uint32x4_t find_scales(const tfcaps_routing *r, uint32x4_t sums, int32x4_t *shifts) {
    const int32x4_t zeros = vreinterpretq_s32_u32(vclzq_u32(sums));
    uint32_t scale[TILE];
    vst1q_u32(scale, vshrq_n_u32(vshlq_u32(sums, zeros), 15));
    for (int32_t lane = 0; lane < TILE; ++lane) {
        scale[lane] = UINT32_MAX / scale[lane];
    }
    *shifts = vsubq_n_s32(zeros, 16 + r->narrow);
    return vld1q_u32(scale);
}

/* The votes of a tile of four dimensions and one output capsule, added to their logits; v and votes move on.
 * In assembly because GCC needs 12 instructions where these are 10. */
static inline int32x4_t logits_of_4(int32x4_t logits, tile *t, int32_t dimension, const int16_t **v,
                                    int16_t **votes) {
    __asm__ volatile(/* clang-format off */
        "dls lr, %[dimension]\n"
        "1:\n"
        "vldrw.u32 q0, [%q[w], #4]!\n"
        "vmullb.s8 q1, q0, %q[u]\n"
        "vmullt.s8 q0, q0, %q[u]\n"
        "vadd.i16 q0, q0, q1\n"
        "vcadd.i16 q1, q0, q0, #270\n"
        "ldrsh r0, [%[v]], #2\n"
        "vmovlb.s16 q0, q1\n"
        "vstrh.32 q0, [%[votes]], #8\n"
        "vmla.s32 %q[logits], q0, r0\n"
        "le lr, 1b\n"
        : [w] "+w"(t->kernel), [v] "+r"(*v), [votes] "+r"(*votes), [logits] "+w"(logits)
        : [dimension] "r"(dimension), [u] "w"(t->u[0])
        : "r0", "lr", "q0", "q1", "memory"
    ); /* clang-format on */
    return logits;
}

/* Votes and e of a tile, which is not read where the votes are kept; returns the sums of e. */
static inline uint32x4_t compute_exps(const tfcaps_routing *r, tile *t, int32_t groups, int wide, int kept,
                                      int16_t *votes, uint32_t *exps) {
    const int16_t *v = r->scaled;
    int16_t *h = votes;
    uint32_t *e = exps;
    uint32x4_t sum = vdupq_n_u32(r->params->leaky ? tfcaps_exp_table[TFCAPS_EXP_CENTRE] : 0);
    uint32x4_t indices = vdupq_n_u32(0);
    const int32_t capsules = r->dims->output_capsules;
    const int32_t dimension = r->dims->output_dimension;
    const int32_t vote_shift = r->params->vote_shift;
    const int32_t exp_shift = -r->exp_shift;
    const int32x4_t centre = vdupq_n_s32(TFCAPS_EXP_CENTRE << r->exp_shift); /* at most 2^24 */
    for (int32_t j = 0; j < capsules; ++j) {
        int32x4_t logits = centre;
        if (groups == 1 && !wide && !kept) {
            logits = logits_of_4(logits, t, dimension, &v, &h);
        } else {
            for (int32_t d = 0; d < dimension; ++d) {
                int32x4_t vote;
                if (kept) {
                    vote = vldrhq_s32(h);
                } else {
                    vote = next_votes(t, groups, wide, vote_shift);
                    vstrhq_s32(h, vote);
                    if (wide) {
                        vote = vldrhq_s32(h);
                    }
                }
                logits = vmlaq_n_s32(logits, vote, *v);
                ++v;
                h += TILE;
            }
        }
        const uint32x4_t index = vreinterpretq_u32_s32(vshlq_r_s32(logits, exp_shift));
        indices = vorrq_u32(indices, index);
        const uint32x4_t entry = vandq_u32(index, vdupq_n_u32(TFCAPS_EXP_ENTRIES - 1));
        const uint32x4_t exp = vldrhq_gather_shifted_offset_u32(tfcaps_exp_table, entry);
        sum = vaddq_u32(sum, exp);
        vst1q_u32(e, exp);
        e += TILE;
    }
    if (tfcaps_is_far(vmaxvq_u32(0, indices))) {
        sum = replace_far(r, votes, exps, indices, sum);
    }
    return sum;
}

/* Adds (c * h) >> 16 of pairs of votes to their sums; votes and sums move on. In assembly because GCC needs
 * 16 instructions a pair where these are 11. */
static inline void add_pairs(int32_t pairs, const int16_t **votes, int32x4_t scaled, int32_t **sums) {
    __asm__ volatile(/* clang-format off */
        "wls lr, %[pairs], 2f\n"
        "1:\n"
        "vldrh.s32 q0, [%[votes]], #8\n"
        "vshl.i32 q0, q0, #8\n"
        "vldrh.s32 q1, [%[votes]], #8\n"
        "vmulh.s32 q0, q0, %q[scaled]\n"
        "ldrd r0, r2, [%[sums]]\n"
        "vshl.i32 q1, q1, #8\n"
        "vaddva.s32 r0, q0\n"
        "vmulh.s32 q1, q1, %q[scaled]\n"
        "vaddva.s32 r2, q1\n"
        "strd r0, r2, [%[sums]], #8\n"
        "le lr, 1b\n"
        "2:\n"
        : [votes] "+r"(*votes), [sums] "+r"(*sums)
        : [pairs] "r"(pairs), [scaled] "w"(scaled)
        : "r0", "r2", "lr", "q0", "q1", "memory"
    ); /* clang-format on */
}

/* Adds (c * h) >> 16 of a tile to the sums. */
static inline void add_weighted(const tfcaps_routing *r, const int16_t *votes, uint32_t *exps,
                                uint32x4_t exp_sums) {
    int32x4_t shift;
    uint32x4_t reciprocal = find_scales(r, exp_sums, &shift);
    if (r->carries) {
        carry(r, exps, exp_sums);
        reciprocal = vdupq_n_u32(1);
        shift = vdupq_n_s32(0);
    }
    const int32_t capsules = r->dims->output_capsules;
    const int32_t dimension = r->dims->output_dimension;
    int32_t *sum = (int32_t *)r->sums;
    for (int32_t j = 0; j < capsules; ++j) {
        const uint32x4_t c = vshlq_u32(vmulq_u32(vld1q_u32(exps), reciprocal), shift);
        const int32x4_t scaled = vreinterpretq_s32_u32(vshlq_n_u32(c, 8));
        add_pairs(dimension >> 1, &votes, scaled, &sum);
        if (dimension & 1) {
            *sum = vaddvaq_s32(*sum, vmulhq_s32(vshlq_n_s32(vldrhq_s32(votes), 8), scaled));
            ++sum;
            votes += TILE;
        }
        exps += TILE;
    }
}

static inline void add_coupled_tiles(const tfcaps_routing *r, int32_t tiles, const int8_t *u,
                                     const int8_t *kernel, int32_t groups, int wide, int kept) {
    uint32_t *exps = (uint32_t *)r->work;
    int16_t *votes = kept ? r->kept_votes : (int16_t *)(exps + TILE * r->dims->output_capsules);
    for (; tiles > 0; --tiles) {
        tile t;
        if (!kept) {
            load_tile(u, kernel, r->outputs, groups, &t);
        }
        const uint32x4_t sums = compute_exps(r, &t, groups, wide, kept, votes, exps);
        add_weighted(r, votes, exps, sums);
        u += TILE * 4 * groups;
        kernel += TILE * 4 * groups * r->outputs;
        if (kept) {
            votes += TILE * r->outputs;
        }
    }
}

/* The input capsules behind so many tiles, for the plain functions. */
typedef struct rest {
    tfcaps_capsule_dense_dims dims;
    tfcaps_routing routing;
    const int8_t *u;
    const int8_t *kernel;
} rest;

static void find_rest(const tfcaps_routing *r, int32_t tiles, const int8_t *u, const int8_t *kernel,
                      rest *left) {
    const size_t done = (size_t)tiles * TILE;
    const size_t depth = (size_t)r->dims->input_dimension;
    left->dims = *r->dims;
    left->dims.input_capsules -= tiles * TILE;
    left->routing = *r;
    left->routing.dims = &left->dims;
    if (r->kept_votes != NULL) {
        left->routing.kept_votes += done * (size_t)r->outputs;
    }
    left->u = u + done * depth;
    left->kernel = kernel + done * depth * (size_t)r->outputs;
}

static int32_t tiles_of(const tfcaps_routing *r, const int8_t *u, const int8_t *kernel) {
    return in_tiles(r, u, kernel) ? r->dims->input_capsules / TILE : 0;
}

void tfcaps_routing_add_votes(const tfcaps_routing *r, const int8_t *u, const int8_t *kernel) {
    const int32_t tiles = tiles_of(r, u, kernel);
    const int32_t groups = r->dims->input_dimension / 4;
    if (r->params->vote_shift != 0 || r->kept_votes != NULL) {
        add_tiles(r, tiles, u, kernel, groups);
    } else {
        const int32_t left = groups == 1 ? add_products_of_4(r, tiles, u, kernel) : tiles;
        const int32_t done = (tiles - left) * TILE;
        add_products(r, left, u + done * 4, kernel + done * 4 * r->outputs, groups);
    }
    rest left;
    find_rest(r, tiles, u, kernel, &left);
    tfcaps_routing_plain_add_votes(&left.routing, left.u, left.kernel);
}

void tfcaps_routing_add_coupled(const tfcaps_routing *r, const int8_t *u, const int8_t *kernel) {
    const int32_t tiles = tiles_of(r, u, kernel);
    const int32_t groups = r->dims->input_dimension / 4;
    const int wide = r->params->vote_shift != 0;
    if (r->kept_votes != NULL) {
        add_coupled_tiles(r, tiles, u, kernel, 1, 0, 1);
    } else if (groups == 1 && !wide) {
        add_coupled_tiles(r, tiles, u, kernel, 1, 0, 0);
    } else {
        add_coupled_tiles(r, tiles, u, kernel, groups, wide, 0);
    }
    rest left;
    find_rest(r, tiles, u, kernel, &left);
    tfcaps_routing_plain_add_coupled(&left.routing, left.u, left.kernel);
}

#endif
