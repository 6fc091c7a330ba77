#include "tfcaps_noinline.h"
#include "tfcaps_routing_rv32.h"

/* A vote is 11 instructions: 9 as in tfcaps_routing_rv32.h, and 2 of the 4 that add both to their sum. To
 * keep them takes 4 more for two.
 *
 *     a0              where votes are kept
 *     a1, a4          the transformations of either input capsule
 *     a2, a3          the sums and their end
 *     a5-a7, t0-t2    even, odd, start of either
 *     s0, s1, s2      0x80808080, 0x00FF00FF, 0xFFFF0000
 *     t3, t4, t5, t6  a row, its odd bytes, a sum, where the first turn begins
 *     s3              a vote to keep
 *
 * A turn is four outputs; a first one that has less is entered late, with pointers as many outputs earlier:
 * all have the same size in memory, since none has an instruction that only some offsets compress. */
#if defined(TFCAPS_RV32)

/* `votes` is the assembly of both votes of output \\n onto t5, `step` what ends a turn besides. */
#define SUMS(votes, step)                                                                                    \
    ".macro tfcaps_vote at, even, odd, start\n"                                                              \
    "    lw t3, \\at\n"                                                                                      \
    "    xor t3, t3, s0\n"                                                                                   \
    "    srli t4, t3, 8\n"                                                                                   \
    "    and t4, t4, s1\n"                                                                                   \
    "    mul t3, t3, \\even\n"                                                                               \
    "    mul t4, t4, \\odd\n"                                                                                \
    "    add t3, t3, \\start\n"                                                                              \
    "    add t3, t3, t4\n"                                                                                   \
    ".endm\n"                                                                                                \
    ".macro tfcaps_add\n"                                                                                    \
    "    srai t3, t3, 16\n"                                                                                  \
    "    add t5, t5, t3\n"                                                                                   \
    ".endm\n"                                                                                                \
    "    addi sp, sp, -16\n"                                                                                 \
    "    sw s0, 0(sp)\n"                                                                                     \
    "    sw s1, 4(sp)\n"                                                                                     \
    "    sw s2, 8(sp)\n"                                                                                     \
    "    sw s3, 12(sp)\n"                                                                                    \
    "    li s0, 0x80808080\n"                                                                                \
    "    li s1, 0x00FF00FF\n"                                                                                \
    "    li s2, 0xFFFF0000\n"                                                                                \
    "    mv s3, a4\n"                                                                                        \
    "    lw a4, 24(a0)\n"                                                                                    \
    "    slli t3, a3, 2\n"                                                                                   \
    "    neg t4, a3\n"                                                                                       \
    "    add a3, a2, t3\n"                                                                                   \
    "    andi t4, t4, 3\n" /* outputs left out of the first turn */                                          \
    "    slli t3, t4, 2\n"                                                                                   \
    "    sub a1, a1, t3\n"                                                                                   \
    "    sub a2, a2, t3\n"                                                                                   \
    "    sub s3, s3, t3\n"                                                                                   \
    "    add a4, a4, a1\n"                                                                                   \
    "    lla t6, 1f\n"                                                                                       \
    "    lla t5, 2f\n"                                                                                       \
    "    sub t5, t5, t6\n"                                                                                   \
    "    srli t5, t5, 2\n"                                                                                   \
    "    mul t5, t5, t4\n"                                                                                   \
    "    add t6, t6, t5\n"                                                                                   \
    "    lw a5, 0(a0)\n"                                                                                     \
    "    lw t0, 4(a0)\n"                                                                                     \
    "    lw a6, 8(a0)\n"                                                                                     \
    "    lw t1, 12(a0)\n"                                                                                    \
    "    lw a7, 16(a0)\n"                                                                                    \
    "    lw t2, 20(a0)\n"                                                                                    \
    "    mv a0, s3\n"                                                                                        \
    "    jr t6\n"                                                                                            \
    "1:\n"                                                                                                   \
    "    .irp n, 0, 1, 2, 3\n"                                                                               \
    "    lw t5, 4 * \\n(a2)\n" votes "    sw t5, 4 * \\n(a2)\n"                                              \
    "    .endr\n"                                                                                            \
    "2:  addi a1, a1, 16\n"                                                                                  \
    "    addi a4, a4, 16\n"                                                                                  \
    "    addi a2, a2, 16\n" step "    bne a2, a3, 1b\n"                                                      \
    "    lw s0, 0(sp)\n"                                                                                     \
    "    lw s1, 4(sp)\n"                                                                                     \
    "    lw s2, 8(sp)\n"                                                                                     \
    "    lw s3, 12(sp)\n"                                                                                    \
    "    addi sp, sp, 16\n"                                                                                  \
    "    ret\n"                                                                                              \
    ".purgem tfcaps_vote\n"                                                                                  \
    ".purgem tfcaps_add\n"

TFCAPS_NAKED
void tfcaps_rv32_pair_sum(const tfcaps_rv32_pair *pair, const int8_t *kernel, uint32_t *sums, int32_t count) {
    __asm__ volatile(SUMS("    tfcaps_vote 4*\\n(a1), a5, a6, a7\n"
                          "    tfcaps_add\n"
                          "    tfcaps_vote 4*\\n(a4), t0, t1, t2\n"
                          "    tfcaps_add\n",
                          ""));
}

TFCAPS_NAKED
void tfcaps_rv32_pair_keep(const tfcaps_rv32_pair *pair, const int8_t *kernel, uint32_t *sums, int32_t count,
                           uint32_t *kept) {
    __asm__ volatile(SUMS("    tfcaps_vote 4*\\n(a1), a5, a6, a7\n"
                          "    srli s3, t3, 16\n"
                          "    tfcaps_add\n"
                          "    tfcaps_vote 4*\\n(a4), t0, t1, t2\n"
                          "    and t4, t3, s2\n"
                          "    or s3, s3, t4\n"
                          "    sw s3, 4*\\n(a0)\n"
                          "    tfcaps_add\n",
                          "    addi a0, a0, 16\n"));
}

#endif
