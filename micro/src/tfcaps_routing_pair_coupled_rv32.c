#include "tfcaps_noinline.h"
#include "tfcaps_routing_rv32.h"

/* A vote is 4 instructions: 1 load, 1 multiplication whose high half is (c * h) >> 16, 1 addition, and half
 * of a load and a store of the sum.
 *
 *     a0, a1, a2      what of a first turn is left out, in bytes of sums; the sums; votes
 *     a3, a4, a5      exps and their end, bytes of an output capsule's sums
 *     a6, a7, t0, t1  reciprocals and shifts of either input capsule
 *     t2, t3          c of either
 *     t4, t5, t6, s0  a product, a sum, the end of an output capsule's sums, where its first turn begins
 *
 * A turn is eight outputs, entered as in tfcaps_routing_pair_exps_rv32.c. */
#if defined(TFCAPS_RV32)

TFCAPS_NAKED
void tfcaps_rv32_pair_coupled(const tfcaps_rv32_pair *pair, uint32_t *sums) {
    __asm__ volatile("    addi sp, sp, -16\n"
                     "    sw s0, 0(sp)\n"
                     "    lw a2, 32(a0)\n"
                     "    lw a3, 36(a0)\n"
                     "    lw a4, 40(a0)\n"
                     "    lw t2, 56(a0)\n"
                     "    lw a6, 76(a0)\n"
                     "    lw a7, 80(a0)\n"
                     "    lw t0, 84(a0)\n"
                     "    lw t1, 88(a0)\n"
                     "    slli a5, t2, 2\n"
                     "    neg t2, t2\n"
                     "    andi t2, t2, 7\n" /* outputs left out of a first turn */
                     "    lla s0, 2f\n"
                     "    lla t3, 3f\n"
                     "    sub t3, t3, s0\n"
                     "    srli t3, t3, 3\n"
                     "    mul t3, t3, t2\n"
                     "    add s0, s0, t3\n"
                     "    slli a0, t2, 2\n"
                     "    mv t6, a1\n"

                     "1:  lw t2, 0(a3)\n"
                     "    lw t3, 4(a3)\n"
                     "    addi a3, a3, 8\n"
                     "    mul t2, t2, a6\n"
                     "    mul t3, t3, t0\n"
                     "    sub a1, a1, a0\n"
                     "    sub a2, a2, a0\n"
                     "    sub a2, a2, a0\n"
                     "    add t6, t6, a5\n"
                     "    srl t2, t2, a7\n"
                     "    srl t3, t3, t1\n"
                     "    jr s0\n"
                     "2:\n"
                     "    .irp n, 0, 1, 2, 3, 4, 5, 6, 7\n"
                     "    lw t5, 4 * \\n(a1)\n"
                     "    lw t4, 8 * \\n(a2)\n"
                     "    mulh t4, t4, t2\n"
                     "    add t5, t5, t4\n"
                     "    lw t4, 8 * \\n + 4(a2)\n"
                     "    mulh t4, t4, t3\n"
                     "    add t5, t5, t4\n"
                     "    sw t5, 4 * \\n(a1)\n"
                     "    .endr\n"
                     "3:  addi a1, a1, 32\n"
                     "    addi a2, a2, 64\n"
                     "    bne a1, t6, 2b\n"
                     "    bne a3, a4, 1b\n"
                     "    lw s0, 0(sp)\n"
                     "    addi sp, sp, 16\n"
                     "    ret\n");
}

#endif
