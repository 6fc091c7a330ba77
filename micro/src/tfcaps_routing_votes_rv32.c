#include "tfcaps_noinline.h"
#include "tfcaps_routing_rv32.h"

/* A vote is 16 instructions: 4 loads, 4 multiplications, 4 additions, 1 shift, and 3 to add it to its sum.
 *
 *     a4-a7, t0, t1  the input capsule, half, shift
 *     a1, a2, a3     kernel, sums, the end of the sums
 *     t2-t6          products and the vote
 *
 * A turn is four votes; one that has less enters late, with pointers as many votes earlier: all
 * votes have the same size in memory, since none has an instruction that only some offsets compress. */
#if defined(TFCAPS_RV32)

TFCAPS_NAKED
void tfcaps_rv32_add_votes(const tfcaps_rv32_capsule *capsule, const int8_t *kernel, uint32_t *sums,
                           int32_t count) {
    __asm__ volatile("    blez a3, 3f\n"
                     "    lw a4, 0(a0)\n"
                     "    lw a5, 4(a0)\n"
                     "    lw a6, 8(a0)\n"
                     "    lw a7, 12(a0)\n"
                     "    lw t0, 16(a0)\n"
                     "    lw t1, 20(a0)\n"
                     "    slli t2, a3, 2\n"
                     "    neg t3, a3\n"
                     "    add a3, a2, t2\n" /* the end */
                     "    andi t3, t3, 3\n" /* votes left out of the first turn */
                     "    slli t4, t3, 2\n"
                     "    sub a1, a1, t4\n"
                     "    sub a2, a2, t4\n"
                     "    lla t5, 1f\n"
                     "    lla t6, 2f\n"
                     "    sub t6, t6, t5\n"
                     "    srli t6, t6, 2\n"
                     "    mul t6, t6, t3\n"
                     "    add t5, t5, t6\n"
                     "    jr t5\n"
                     "1:\n"
                     "    .irp n, 0, 1, 2, 3\n"
                     "    lb t2, 4 * \\n(a1)\n"
                     "    lb t3, 4 * \\n + 1(a1)\n"
                     "    lb t4, 4 * \\n + 2(a1)\n"
                     "    lb t5, 4 * \\n + 3(a1)\n"
                     "    mul t2, t2, a4\n"
                     "    mul t3, t3, a5\n"
                     "    mul t4, t4, a6\n"
                     "    mul t5, t5, a7\n"
                     "    lw t6, 4 * \\n(a2)\n"
                     "    add t2, t2, t0\n"
                     "    add t2, t2, t3\n"
                     "    add t2, t2, t4\n"
                     "    add t2, t2, t5\n"
                     "    sra t2, t2, t1\n"
                     "    add t6, t6, t2\n"
                     "    sw t6, 4 * \\n(a2)\n"
                     "    .endr\n"
                     "2:  addi a1, a1, 16\n"
                     "    addi a2, a2, 16\n"
                     "    bne a2, a3, 1b\n"
                     "3:  ret\n");
}

#endif
