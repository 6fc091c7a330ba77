#include "tfcaps_noinline.h"
#include "tfcaps_routing_rv32.h"

/* A vote is 6 instructions: 1 load, 1 shift and 1 multiplication whose high half is (c * h) >> 16, and 3 to
 * add that to its sum.
 *
 *     a0, a1, a2  h, exps, sums
 *     a3, a4      the end of exps, bytes of an output capsule's sums
 *     a5, a6      reciprocal, shift
 *     a7          2^8 c
 *     t0, t1      a product, a sum
 *     t2, t3, t4  what of a first turn is left out, in bytes of h and of sums; where it begins
 *     t5          the end of an output capsule's sums
 *
 * A turn is eight votes; an output capsule whose dimension is no multiple enters its first one late, with
 * pointers as many votes earlier: all
 * votes have the same size in memory, since none has an instruction that only some offsets compress. */
#if defined(TFCAPS_RV32)

TFCAPS_NAKED
void tfcaps_rv32_add_coupled(const int16_t *h, const uint32_t *exps, uint32_t *sums, int32_t capsules,
                             int32_t dimension, uint32_t reciprocal, int32_t shift) {
    __asm__ volatile("    neg t0, a4\n"
                     "    andi t0, t0, 7\n" /* votes left out of a first turn */
                     "    slli t2, t0, 1\n"
                     "    slli t3, t0, 2\n"
                     "    lla t4, 2f\n"
                     "    lla t5, 3f\n"
                     "    sub t5, t5, t4\n"
                     "    srli t5, t5, 3\n"
                     "    mul t5, t5, t0\n"
                     "    add t4, t4, t5\n"
                     "    slli a3, a3, 2\n"
                     "    add a3, a3, a1\n"
                     "    slli a4, a4, 2\n"
                     "    mv t5, a2\n"

                     "1:  lw a7, 0(a1)\n"
                     "    addi a1, a1, 4\n"
                     "    sub a0, a0, t2\n"
                     "    mul a7, a7, a5\n"
                     "    sub a2, a2, t3\n"
                     "    add t5, t5, a4\n"
                     "    srl a7, a7, a6\n"
                     "    slli a7, a7, 8\n"
                     "    jr t4\n"
                     "2:\n"
                     "    .irp n, 0, 1, 2, 3, 4, 5, 6, 7\n"
                     "    lh t0, 2 * \\n(a0)\n"
                     "    lw t1, 4 * \\n(a2)\n"
                     "    slli t0, t0, 8\n"
                     "    mulh t0, t0, a7\n"
                     "    add t1, t1, t0\n"
                     "    sw t1, 4 * \\n(a2)\n"
                     "    .endr\n"
                     "3:  addi a0, a0, 16\n"
                     "    addi a2, a2, 32\n"
                     "    bne a2, t5, 2b\n"
                     "    bne a1, a3, 1b\n"
                     "    ret\n");
}

#endif
