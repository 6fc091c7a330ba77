/* The passes for K = 8 on weights in the file's order, D in fours: tfcaps_routing_plain_blocks.h with twice
 * as many registers for an input capsule, so that the place of e and their sum are on the stack. Private.
 *
 * Each is made for vote_shift 0 and 1: the votes of squashed capsules need no more. half rounds a vote: 0
 * or 1. */
#ifndef TFCAPS_ROUTING_PLAIN_K8_H
#define TFCAPS_ROUTING_PLAIN_K8_H

#include "tfcaps_routing_plain_blocks.h"

/* clang-format off */

/* The next input capsule of the pass r0 in halfwords, r8-r11. */
#define LOAD_8                                  \
    "ldr r1, [r0]\n"                            \
    "ldr r2, [r0, #8]\n"                       \
    "ldr r3, [r1], #4\n"                        \
    "ldr r4, [r1], #4\n"                        \
    "str r1, [r0]\n"                            \
    "sxtab16 r8, r2, r3\n"                      \
    "sxtab16 r9, r2, r3, ror #8\n"              \
    "sxtab16 r10, r2, r4\n"                     \
    "sxtab16 r11, r2, r4, ror #8\n"

/* The sum of half, r5, and eight products of one output, from its two words of weights. */
#define DOT_8(sum, a, b)                        \
    "sxtb16 " sum ", " a "\n"                   \
    "sxtb16 " a ", " a ", ror #8\n"             \
    "smlad " sum ", " sum ", r8, r5\n"          \
    "smlad " sum ", " a ", r9, " sum "\n"       \
    "sxtb16 " a ", " b "\n"                     \
    "sxtb16 " b ", " b ", ror #8\n"             \
    "smlad " sum ", " a ", r10, " sum "\n"      \
    "smlad " sum ", " b ", r11, " sum "\n"
#define DOTS_8 "ldm r12!, {r0-r3}\n" DOT_8("r6", "r0", "r1") DOT_8("r0", "r2", "r3")

/* r6 and r0 to a word of votes, or onto the sums r2 and r3. */
#define SHORT_VOTES "pkhbt r0, r6, r0, lsl #16\n"
#define SHIFTED_VOTES "asr r6, r6, #1\n pkhbt r0, r6, r0, lsl #15\n"
#define SHORT_SUMS "add r2, r2, r6\n add r3, r3, r0\n"
#define SHIFTED_SUMS "add r2, r2, r6, asr #1\n add r3, r3, r0, asr #1\n"

/* Votes of a block to its record, and their products with V onto the logit r4. */
#define FIRST_FOUR_OF_8(votes)                                                          \
    DOTS_8 votes "ldr r2, [lr], #4\n str r0, [lr, #4]\n smlad r4, r0, r2, r4\n"         \
    DOTS_8 votes "ldr r2, [lr], #20\n str r0, [lr, #-12]\n smlad r4, r0, r2, r4\n"
#define SECOND_FOUR_OF_8(votes)                                                         \
    DOTS_8 votes "ldr r2, [lr], #4\n str r0, [lr, #12]\n smlad r4, r0, r2, r4\n"        \
    DOTS_8 votes "ldr r2, [lr], #20\n str r0, [lr, #-4]\n smlad r4, r0, r2, r4\n"

/* All records with one input capsule's votes, and its e. r4 logit, r5 half, r7 turns left, r8-r11 input capsule, r12
 * kernel, lr records. */
#define BLOCKS_OF_8(capsule, turn, offset, half, block) \
    LOAD_8                                      \
    "ldr lr, [r0, #32]\n"                       \
    "ldr r3, [r0, #24]\n"                       \
    "ldr r2, [sp, #8]\n"                        \
    "add r2, r2, #" offset "\n"                 \
    "strd r2, r3, [sp, #16]\n"                  \
    "mov r5, #" half "\n"                       \
    capsule ":\n"                               \
    "ldr r7, [sp, #12]\n"                       \
    "mov r4, #0\n"                              \
    turn ":\n" block                            \
    "subs r7, r7, #1\n"                         \
    "bne " turn "b\n"                           \
    "ssat r0, #10, r4, asr #16\n"               \
    "ldrd r2, r3, [sp, #4]\n"                   \
    "ldrh r0, [r2, r0, lsl #1]\n"               \
    "ldrd r6, r7, [sp, #16]\n"                  \
    "str r0, [r6], #8\n"                        \
    "add r7, r7, r0\n"                          \
    "strd r6, r7, [sp, #16]\n"                  \
    "cmp lr, r3\n"                              \
    "bne " capsule "b\n"                        \
    "mov r5, r7\n"

#define COUPLED_8(half, votes)                                                  \
    COUPLED_BLOCKS("8", BLOCKS_OF_8("2", "3", "0", half, FIRST_FOUR_OF_8(votes)), \
                   BLOCKS_OF_8("4", "5", "4", half, SECOND_FOUR_OF_8(votes)), FOUR_SUMS)

/* The body of a pass over plain sums. r7 end of sums, lr sums. */
#define SUM_8(half, sums)                       \
    "push {r4-r11, lr}\n"                       \
    "sub sp, sp, #4\n"                          \
    "str r0, [sp]\n"                            \
    "ldr r12, [r0, #28]\n"                       \
    "ldr r7, [r0, #40]\n"                       \
    "mov r5, #" half "\n"                       \
    "1:\n" LOAD_8                               \
    "ldr lr, [r0, #32]\n"                       \
    "2:\n"                                      \
    DOTS_8 "ldrd r2, r3, [lr]\n" sums "strd r2, r3, [lr], #8\n" \
    DOTS_8 "ldrd r2, r3, [lr]\n" sums "strd r2, r3, [lr], #8\n" \
    "cmp lr, r7\n"                              \
    "bne 2b\n"                                  \
    "ldr r0, [sp]\n"                            \
    "ldr r1, [r0]\n"                            \
    "ldr r2, [r0, #12]\n"                       \
    "cmp r1, r2\n"                              \
    "bne 1b\n"                                  \
    "add sp, sp, #4\n"                          \
    "pop {r4-r11, pc}\n"

/* clang-format on */

#endif
