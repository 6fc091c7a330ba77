#include "tfcaps_noinline.h"
#include "tfcaps_routing_rv32.h"

/* A vote is 12.5 instructions: the first 8 as in tfcaps_routing_rv32.h, 1 to clear what is below it, 1 to
 * store it, half a load of v, and 2 to add its product with v to the logit. One that has been kept is 5: half
 * a load, 1 to take it apart, and the last 3.5. An exponential is 8.
 *
 *     a0              the struct
 *     a1, a2          the transformations of either input capsule, or at a1 both kept votes
 *     a3, a4, a5      v, votes, exps
 *     a6, s11, a7     exp_sums of either, indices
 *     s0-s2, s3-s5    even, odd, start of either
 *     s6, s7, s8      0x80808080, 0x00FF00FF, 0xFFFF0000
 *     s9, s10         the logits of either
 *     t0, t1          the table, exp_shift
 *     t2, t3          the end of an output capsule's votes; where its first turn begins
 *     t4, t5, t6      of v, a row, its odd bytes
 *     ra              what of a first turn is left out, in bytes of v
 *
 * A turn is eight outputs; an output capsule whose dimension is no multiple enters its first one late, with
 * pointers as many outputs earlier: all have the same size in memory, since none has an instruction that only
 * some offsets compress. */
#if defined(TFCAPS_RV32)

/* `votes` is the assembly of both votes of output \\n, whose product with v joins s9 and s10. */
#define EXPS(votes)                                                                                          \
    ".macro tfcaps_vote at, to, even, odd, start, logit\n"                                                   \
    "    lw t5, \\at\n"                                                                                      \
    "    xor t5, t5, s6\n"                                                                                   \
    "    srli t6, t5, 8\n"                                                                                   \
    "    and t6, t6, s7\n"                                                                                   \
    "    mul t5, t5, \\even\n"                                                                               \
    "    mul t6, t6, \\odd\n"                                                                                \
    "    add t5, t5, \\start\n"                                                                              \
    "    add t5, t5, t6\n"                                                                                   \
    "    and t5, t5, s8\n"                                                                                   \
    "    sw t5, \\to\n"                                                                                      \
    "    mulh t5, t5, t4\n"                                                                                  \
    "    add \\logit, \\logit, t5\n"                                                                         \
    ".endm\n"                                                                                                \
    ".macro tfcaps_exp logit, to, sum\n"                                                                     \
    "    sra \\logit, \\logit, t1\n"                                                                         \
    "    or a7, a7, \\logit\n"                                                                               \
    "    andi \\logit, \\logit, 1023\n" /* TFCAPS_EXP_ENTRIES - 1 */                                         \
    "    slli \\logit, \\logit, 1\n"                                                                         \
    "    add \\logit, \\logit, t0\n"                                                                         \
    "    lhu \\logit, 0(\\logit)\n"                                                                          \
    "    add \\sum, \\sum, \\logit\n"                                                                        \
    "    sw \\logit, \\to\n"                                                                                 \
    ".endm\n"                                                                                                \
    "    addi sp, sp, -64\n"                                                                                 \
    "    .irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11\n"                                                     \
    "    sw s\\n, 4 * \\n(sp)\n"                                                                             \
    "    .endr\n"                                                                                            \
    "    sw ra, 48(sp)\n"                                                                                    \
    "    lw s0, 0(a0)\n"                                                                                     \
    "    lw s3, 4(a0)\n"                                                                                     \
    "    lw s1, 8(a0)\n"                                                                                     \
    "    lw s4, 12(a0)\n"                                                                                    \
    "    lw s2, 16(a0)\n"                                                                                    \
    "    lw s5, 20(a0)\n"                                                                                    \
    "    lw a2, 24(a0)\n"                                                                                    \
    "    lw a3, 28(a0)\n"                                                                                    \
    "    lw a4, 32(a0)\n"                                                                                    \
    "    lw a5, 36(a0)\n"                                                                                    \
    "    lw t0, 44(a0)\n"                                                                                    \
    "    lw t1, 48(a0)\n"                                                                                    \
    "    lw ra, 56(a0)\n"                                                                                    \
    "    lw a6, 64(a0)\n"                                                                                    \
    "    lw s11, 68(a0)\n"                                                                                   \
    "    add a2, a2, a1\n"                                                                                   \
    "    li s6, 0x80808080\n"                                                                                \
    "    li s7, 0x00FF00FF\n"                                                                                \
    "    li s8, 0xFFFF0000\n"                                                                                \
    "    li a7, 0\n"                                                                                         \
    "    mv t2, a4\n"                                                                                        \
    "    neg ra, ra\n"                                                                                       \
    "    andi ra, ra, 7\n" /* outputs left out of a first turn */                                            \
    "    lla t3, 2f\n"                                                                                       \
    "    lla t4, 3f\n"                                                                                       \
    "    sub t4, t4, t3\n"                                                                                   \
    "    srli t4, t4, 3\n"                                                                                   \
    "    mul t4, t4, ra\n"                                                                                   \
    "    add t3, t3, t4\n"                                                                                   \
    "    slli ra, ra, 2\n"                                                                                   \
    "1:  lw t4, 60(a0)\n"                                                                                    \
    "    lw s9, 52(a0)\n"                                                                                    \
    "    sub a1, a1, ra\n"                                                                                   \
    "    sub a2, a2, ra\n"                                                                                   \
    "    sub a3, a3, ra\n"                                                                                   \
    "    sub a4, a4, ra\n"                                                                                   \
    "    sub a4, a4, ra\n"                                                                                   \
    "    add t2, t2, t4\n"                                                                                   \
    "    mv s10, s9\n"                                                                                       \
    "    jr t3\n"                                                                                            \
    "2:\n"                                                                                                   \
    "    .irp n, 0, 1, 2, 3, 4, 5, 6, 7\n"                                                                   \
    "    lw t4, 4 * \\n(a3)\n" votes "    .endr\n"                                                           \
    "3:  addi a1, a1, 32\n"                                                                                  \
    "    addi a2, a2, 32\n"                                                                                  \
    "    addi a3, a3, 32\n"                                                                                  \
    "    addi a4, a4, 64\n"                                                                                  \
    "    bne a4, t2, 2b\n"                                                                                   \
    "    tfcaps_exp s9, 0(a5), a6\n"                                                                         \
    "    tfcaps_exp s10, 4(a5), s11\n"                                                                       \
    "    lw t4, 40(a0)\n"                                                                                    \
    "    addi a5, a5, 8\n"                                                                                   \
    "    bne a5, t4, 1b\n"                                                                                   \
    "    sw a6, 64(a0)\n"                                                                                    \
    "    sw s11, 68(a0)\n"                                                                                   \
    "    sw a7, 72(a0)\n"                                                                                    \
    "    .irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11\n"                                                     \
    "    lw s\\n, 4 * \\n(sp)\n"                                                                             \
    "    .endr\n"                                                                                            \
    "    lw ra, 48(sp)\n"                                                                                    \
    "    addi sp, sp, 64\n"                                                                                  \
    "    ret\n"                                                                                              \
    ".purgem tfcaps_vote\n"                                                                                  \
    ".purgem tfcaps_exp\n"

TFCAPS_NAKED
void tfcaps_rv32_pair_exps(tfcaps_rv32_pair *pair, const int8_t *kernel) {
    __asm__ volatile(EXPS("    tfcaps_vote 4*\\n(a1), 8*\\n(a4), s0, s1, s2, s9\n"
                          "    tfcaps_vote 4*\\n(a2), 8*\\n+4(a4), s3, s4, s5, s10\n"));
}

TFCAPS_NAKED
void tfcaps_rv32_pair_kept_exps(tfcaps_rv32_pair *pair, const uint32_t *kept) {
    __asm__ volatile(EXPS("    lw t5, 4*\\n(a1)\n"
                          "    and t6, t5, s8\n"
                          "    slli t5, t5, 16\n"
                          "    sw t5, 8*\\n(a4)\n"
                          "    sw t6, 8*\\n+4(a4)\n"
                          "    mulh t5, t5, t4\n"
                          "    mulh t6, t6, t4\n"
                          "    add s9, s9, t5\n"
                          "    add s10, s10, t6\n"));
}

#endif
