#include "tfcaps_noinline.h"
#include "tfcaps_routing_rv32.h"

/* A vote is 18 instructions: 4 loads, 4 multiplications, 4 additions, 1 shift, 2 to store it as 16 bits and
 * load it with their sign, and 3 to add its product with v to the logit. An exponential is 12.
 *
 *     a4-a7, t0, t1  the input capsule, half, shift
 *     a0-a3          the struct, kernel, h, exps
 *     s0, s1         v, the end of an output capsule's h
 *     s2, s11, s3    what of a first turn is left out, in bytes of h and of the kernel; where it begins
 *     s4, s5         the logit, bytes of an output capsule's h
 *     s6-s10         exp_sum, indices, the end of exps, the table, exp_shift
 *     t2-t6          products and the vote
 *
 * A turn is eight votes; an output capsule whose dimension is no multiple enters its first one late, with
 * pointers as many votes earlier: all
 * votes have the same size in memory, since none has an instruction that only some offsets compress. */
#if defined(TFCAPS_RV32)

TFCAPS_NAKED
void tfcaps_rv32_exps(tfcaps_rv32_capsule *capsule, const int8_t *kernel, int16_t *h, uint32_t *exps) {
    __asm__ volatile("    addi sp, sp, -48\n"
                     "    .irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11\n"
                     "    sw s\\n, 4 * \\n(sp)\n"
                     "    .endr\n"
                     "    lw a4, 0(a0)\n"
                     "    lw a5, 4(a0)\n"
                     "    lw a6, 8(a0)\n"
                     "    lw a7, 12(a0)\n"
                     "    lw t0, 16(a0)\n"
                     "    lw t1, 20(a0)\n"
                     "    lw s0, 24(a0)\n"
                     "    lw s9, 28(a0)\n"
                     "    lw s10, 32(a0)\n"
                     "    lw t2, 36(a0)\n"
                     "    lw s5, 40(a0)\n"
                     "    lw s6, 44(a0)\n"
                     "    lw s7, 48(a0)\n"
                     "    slli t2, t2, 2\n"
                     "    add s8, a3, t2\n"
                     "    neg t3, s5\n"
                     "    andi t3, t3, 7\n" /* votes left out of a first turn */
                     "    slli s5, s5, 1\n"
                     "    slli s2, t3, 1\n"
                     "    lla s3, 2f\n"
                     "    lla t6, 3f\n"
                     "    sub t6, t6, s3\n"
                     "    srli t6, t6, 3\n"
                     "    mul t6, t6, t3\n"
                     "    add s3, s3, t6\n"
                     "    slli s11, t3, 2\n"
                     "    mv s1, a2\n"

                     "1:  add s1, s1, s5\n"
                     "    sub a1, a1, s11\n"
                     "    sub a2, a2, s2\n"
                     "    sub s0, s0, s2\n"
                     "    li s4, 0\n"
                     "    jr s3\n"
                     "2:\n"
                     "    .irp n, 0, 1, 2, 3, 4, 5, 6, 7\n"
                     "    lb t2, 4 * \\n(a1)\n"
                     "    lb t3, 4 * \\n + 1(a1)\n"
                     "    lb t4, 4 * \\n + 2(a1)\n"
                     "    lb t5, 4 * \\n + 3(a1)\n"
                     "    mul t2, t2, a4\n"
                     "    mul t3, t3, a5\n"
                     "    mul t4, t4, a6\n"
                     "    mul t5, t5, a7\n"
                     "    add t2, t2, t0\n"
                     "    add t2, t2, t3\n"
                     "    add t2, t2, t4\n"
                     "    add t2, t2, t5\n"
                     "    sra t2, t2, t1\n"
                     "    sh t2, 2 * \\n(a2)\n"
                     "    lh t3, 2 * \\n(s0)\n"
                     "    lh t2, 2 * \\n(a2)\n"
                     "    mul t2, t2, t3\n"
                     "    add s4, s4, t2\n"
                     "    .endr\n"
                     "3:  addi a1, a1, 32\n"
                     "    addi a2, a2, 16\n"
                     "    addi s0, s0, 16\n"
                     "    bne a2, s1, 2b\n"
                     "    sra s4, s4, s10\n"
                     "    addi s4, s4, 512\n" /* TFCAPS_EXP_CENTRE */
                     "    or s7, s7, s4\n"
                     "    andi s4, s4, 1023\n" /* TFCAPS_EXP_ENTRIES - 1 */
                     "    slli s4, s4, 1\n"
                     "    add s4, s4, s9\n"
                     "    lhu s4, 0(s4)\n"
                     "    add s6, s6, s4\n"
                     "    sw s4, 0(a3)\n"
                     "    addi a3, a3, 4\n"
                     "    bne a3, s8, 1b\n"

                     "    sw s6, 44(a0)\n"
                     "    sw s7, 48(a0)\n"
                     "    .irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11\n"
                     "    lw s\\n, 4 * \\n(sp)\n"
                     "    .endr\n"
                     "    addi sp, sp, 48\n"
                     "    ret\n");
}

#endif
