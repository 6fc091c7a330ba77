/* The coupled pass for K = 4 on weights in the file's order, outputs in blocks of two or four: votes made
 * again, their logits, exponentials and weighted sums, two input capsules at a time. Twin: tfcaps_routing.c.
 * As in tfcaps_routing_paired_6.h, GCC has too few registers left. Private.
 *
 * A record is V, votes of the first and votes of the second input capsule, one or two words each, for every
 * block; e of both input capsules lie behind all records, [J, 2]. In the pass, skip counts the turns of the
 * inner loops and records_end is the place of e. */
#ifndef TFCAPS_ROUTING_PLAIN_BLOCKS_H
#define TFCAPS_ROUTING_PLAIN_BLOCKS_H

#include "tfcaps_routing_paired_6.h"

/* clang-format off */

/* The next input capsule of the pass r0 in halfwords: r8, r9. */
#define LOAD_HALVES                             \
    "ldr r1, [r0]\n"                            \
    "ldr r3, [r0, #8]\n"                        \
    "ldr r2, [r1], #4\n"                        \
    "str r1, [r0]\n"                            \
    HALVES("r2")

/* A pair of votes from the weights of two outputs, a word each. */
#define PLAIN_PAIR(vote, a, b)                  \
    "sxtb16 r6, " a "\n"                        \
    "sxtb16 " a ", " a ", ror #8\n"             \
    "smuad r6, r6, r8\n"                        \
    "smlad r6, " a ", r9, r6\n"                 \
    "sxtb16 " a ", " b "\n"                     \
    "sxtb16 " b ", " b ", ror #8\n"             \
    "smuad " a ", " a ", r8\n"                  \
    "smlad " a ", " b ", r9, " a "\n"           \
    "pkhbt " vote ", r6, " a ", lsl #16\n"

/* Votes of a block to its record, and their products with V onto the logit r11. */
#define FOUR_VOTES                              \
    "ldm r12!, {r0-r3}\n"                       \
    PLAIN_PAIR("r0", "r0", "r1")                \
    PLAIN_PAIR("r1", "r2", "r3")
#define FOUR_PRODUCTS                           \
    "smlad r11, r0, r2, r11\n"                  \
    "smlad r11, r1, r3, r11\n"
#define FIRST_FOUR FOUR_VOTES "ldrd r2, r3, [lr], #8\n strd r0, r1, [lr], #16\n" FOUR_PRODUCTS
#define SECOND_FOUR FOUR_VOTES "ldrd r2, r3, [lr], #16\n strd r0, r1, [lr], #8\n" FOUR_PRODUCTS
#define TWO_VOTES "ldrd r0, r1, [r12], #8\n" PLAIN_PAIR("r0", "r0", "r1")
#define FIRST_TWO TWO_VOTES "ldr r2, [lr], #4\n str r0, [lr], #8\n smlad r11, r0, r2, r11\n"
#define SECOND_TWO TWO_VOTES "ldr r2, [lr], #8\n str r0, [lr], #4\n smlad r11, r0, r2, r11\n"

/* The votes of a block times the couplings r8 and r9, added to its sums. */
#define FOUR_SUMS                               \
    "ldm lr, {r0-r3}\n"                         \
    "ldrd r4, r5, [r12, #16]!\n"                \
    "smlawb r0, r8, r4, r0\n"                   \
    "smlawt r1, r8, r4, r1\n"                   \
    "smlawb r2, r8, r5, r2\n"                   \
    "smlawt r3, r8, r5, r3\n"                   \
    "ldrd r4, r5, [r12, #8]!\n"                 \
    "smlawb r0, r9, r4, r0\n"                   \
    "smlawt r1, r9, r4, r1\n"                   \
    "smlawb r2, r9, r5, r2\n"                   \
    "smlawt r3, r9, r5, r3\n"                   \
    "stm lr!, {r0-r3}\n"
#define TWO_SUMS                                \
    "ldrd r0, r1, [lr]\n"                       \
    "ldr r4, [r12, #8]!\n"                      \
    "ldr r5, [r12, #4]!\n"                      \
    "smlawb r0, r8, r4, r0\n"                   \
    "smlawt r1, r8, r4, r1\n"                   \
    "smlawb r0, r9, r5, r0\n"                   \
    "smlawt r1, r9, r5, r1\n"                   \
    "strd r0, r1, [lr], #8\n"

/* All records with one input capsule's votes, and its e. r4 turns left, r5 sum of e, r8, r9 input capsule, r10
 * place of e, r11 logit, r12 kernel, lr records. */
#define BLOCKS_OF_VOTES(capsule, turn, block)   \
    capsule ":\n"                               \
    "ldr r4, [sp, #12]\n"                       \
    "mov r11, #0\n"                             \
    turn ":\n" block                            \
    "subs r4, r4, #1\n"                         \
    "bne " turn "b\n"                           \
    "ssat r0, #10, r11, asr #16\n"              \
    "ldrd r2, r3, [sp, #4]\n"                   \
    "ldrh r0, [r2, r0, lsl #1]\n"               \
    "str r0, [r10], #8\n"                       \
    "add r5, r5, r0\n"                          \
    "cmp lr, r3\n"                              \
    "bne " capsule "b\n"

/* The two input capsules of a turn. They leave the sum of e in r5. */
#define FIRST_OF_4(block)                       \
    LOAD_HALVES                                 \
    "ldr lr, [r0, #32]\n"                       \
    "ldr r5, [r0, #24]\n"                       \
    "ldr r10, [sp, #8]\n"                       \
    BLOCKS_OF_VOTES("2", "3", block)
#define SECOND_OF_4(block)                      \
    LOAD_HALVES                                 \
    "ldr lr, [r0, #32]\n"                       \
    "ldr r5, [r0, #24]\n"                       \
    "ldr r10, [sp, #8]\n"                       \
    "add r10, r10, #4\n"                        \
    BLOCKS_OF_VOTES("4", "5", block)

/* The body of a coupled pass. half: bytes of a block's votes. Saturation, which means that a logit is far, leaves
 * Q set. On the stack: pass, table, place of e, turns, both reciprocals, the end of records as the last loop sees
 * it. */
#define COUPLED_BLOCKS(half, first, second, sums)                               \
    "push {r4-r11, lr}\n"                                                       \
    "sub sp, sp, #28\n"                                                         \
    "str r0, [sp]\n"                                                            \
    "ldr r1, [r0, #20]\n"                                                       \
    "ldr r2, [r0, #40]\n"                                                       \
    "strd r1, r2, [sp, #4]\n"                                                   \
    "ldr r3, [r0, #48]\n"                                                       \
    "str r3, [sp, #12]\n"                                                       \
    "sub r2, r2, #" half "\n"                                                   \
    "str r2, [sp, #24]\n"                                                       \
    "ldr r12, [r0, #28]\n"                                                       \
    CLEAR_Q                                                                     \
    "1:\n" first                                                                \
    "ldr r0, [sp]\n"                                                            \
    "str r5, [r0, #52]\n" second                                                \
    "ldr r0, [sp]\n"                                                            \
    "str r12, [r0, #28]\n"                                                       \
    "mrs r1, apsr\n"                                                            \
    "lsls r1, r1, #4\n"                                                         \
    "bmi 9f\n"                                                                  \
    "6:\n"                                                                      \
    "ldr r1, [r0, #52]\n"                                                       \
    "ldr r2, [r0, #44]\n"                                                       \
    "mov r6, #-1\n" RECIPROCALS("r1", "r5", "r2", "r6", "r3", "r4", "r6", "r7") \
    "strd r6, r7, [sp, #16]\n"                                                  \
    "ldr r12, [r0, #32]\n"                                                      \
    "ldr lr, [r0, #36]\n"                                                       \
    "ldr r11, [sp, #8]\n"                                                       \
    "sub r12, r12, #" half "\n"                                                 \
    "7:\n"                                                                      \
    "ldrd r8, r9, [r11], #8\n"                                                  \
    "ldrd r6, r7, [sp, #16]\n"                                                  \
    "ldr r10, [sp, #12]\n"                                                      \
    "smulwb r8, r6, r8\n"                                                       \
    "smulwb r9, r7, r9\n"                                                       \
    "8:\n" sums                                                                 \
    "subs r10, r10, #1\n"                                                       \
    "bne 8b\n"                                                                  \
    "ldr r0, [sp, #24]\n"                                                       \
    "cmp r12, r0\n"                                                             \
    "bne 7b\n"                                                                  \
    "ldr r0, [sp]\n"                                                            \
    "ldr r12, [r0, #28]\n"                                                       \
    "ldr r1, [r0]\n"                                                            \
    "ldr r2, [r0, #12]\n"                                                       \
    "cmp r1, r2\n"                                                              \
    "bne 1b\n"                                                                  \
    "add sp, sp, #28\n"                                                         \
    "pop {r4-r11, pc}\n"                                                        \
    "9:\n" /* Q: some logit is far */                                           \
    "str r5, [r0, #56]\n"                                                       \
    "bl tfcaps_routing_plain_far\n" CLEAR_Q                                     \
    "ldr r0, [sp]\n"                                                            \
    "ldr r5, [r0, #56]\n"                                                       \
    "b 6b\n"

/* clang-format on */

#endif
