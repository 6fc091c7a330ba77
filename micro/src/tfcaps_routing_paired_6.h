/* The loops of routing for K = 4, P = 3 in assembly of Armv7E-M: their parts, and the coupled pass around
 * votes that are made or found. Twin: tfcaps_routing_paired.c. GCC has no register left for the sums and
 * loads one word an instruction, which costs half as much again. Private.
 *
 * Five output capsules are unrolled; a loop is entered behind those that the last five lack. */
#ifndef TFCAPS_ROUTING_PAIRED_6_H
#define TFCAPS_ROUTING_PAIRED_6_H

#include "tfcaps_routing_paired.h"

/* clang-format off */

/* Where to enter the loop at a label, whose first turn ends at the next one; to the stack. r2: capsules to skip. */
#define ENTRY(start, next, slot)                \
    "adr.w r1, " start "\n"                     \
    "adr.w r3, " next "\n"                      \
    "sub r3, r3, r1\n"                          \
    "mla r1, r3, r2, r1\n"                      \
    "orr r1, r1, #1\n"                          \
    "str r1, [sp, #" slot "]\n"

/* The next input capsule of the pass r0 in halfwords: r8, r9. */
#define LOAD_HALVES                             \
    "ldr r1, [r0]\n"                            \
    "ldr r2, [r0, #24]\n"                       \
    "ldr r3, [r1], #4\n"                        \
    "str r1, [r0]\n"                            \
    "sxtab16 r8, r2, r3\n"                      \
    "sxtab16 r9, r2, r3, ror #8\n"

/* A pair of votes, from two words of weights and r8, r9, to the word vote. */
#define PAIR(vote, a, b)                        \
    "smuad r6, " a ", r8\n"                     \
    "smlad r6, " b ", r9, r6\n"                 \
    "sxtb16 " a ", " a "\n"                     \
    "sxtb16 " b ", " b "\n"                     \
    "smuad r7, " a ", r8\n"                     \
    "smlad r7, " b ", r9, r7\n"                 \
    "sub r6, r6, r7\n"                          \
    "pkhbt " vote ", r7, r6, lsl #8\n"

/* Votes of one output capsule, r0-r2, from the weights at r12. */
#define MAKE_VOTES                              \
    "ldm r12!, {r0-r5}\n"                       \
    PAIR("r0", "r0", "r1")                      \
    PAIR("r1", "r2", "r3")                      \
    PAIR("r2", "r4", "r5")

/* Their logit and e, r3, added to r11. Saturation, which means that the logit is far, leaves Q set. */
#define EXP                                     \
    "ldm lr!, {r4-r6}\n"                        \
    "smuad r3, r0, r4\n"                        \
    "smlad r3, r1, r5, r3\n"                    \
    "smlad r3, r2, r6, r3\n"                    \
    "ssat r3, #10, r3, asr #16\n"               \
    "ldrh r3, [r10, r3, lsl #1]\n"              \
    "add r11, r11, r3\n"

/* The first input capsule's store goes on over the second's place, which is free as yet, to the next record. */
#define FIRST(votes) votes EXP "stm lr!, {r0-r7}\n"
#define SECOND(votes) votes EXP "add lr, lr, #16\n stm lr!, {r0-r3}\n"

/* The coupling r9 times votes, added to six sums. */
#define TIMES                                   \
    "smlawb r0, r9, r6, r0\n"                   \
    "smlawt r1, r9, r6, r1\n"                   \
    "smlawb r2, r9, r7, r2\n"                   \
    "smlawt r3, r9, r7, r3\n"                   \
    "smlawb r4, r9, r8, r4\n"                   \
    "smlawt r5, r9, r8, r5\n"

/* Both input capsules' couplings, from e and r10, r11, and votes of one output capsule. */
#define SUMS                                    \
    "ldm lr, {r0-r5}\n"                         \
    "ldm r12!, {r6-r9}\n"                       \
    "smulwb r9, r10, r9\n" TIMES                \
    "ldrd r6, r7, [r12], #8\n"                  \
    "ldrd r8, r9, [r12], #20\n"                 \
    "smulwb r9, r11, r9\n" TIMES                \
    "stm lr!, {r0-r5}\n"

/* The body of a coupled pass. Throughout: r10 table (later the first reciprocal), r11 sum of e (later the second
 * reciprocal), r12 kernel or kept votes (later records), lr records (later sums). On the stack: pass, end of records,
 * the three entries, end of records as the last loop sees it. */
#define COUPLED_PASS(load_first, load_second, votes)                            \
    "push {r4-r11, lr}\n"                                                       \
    "sub sp, sp, #28\n"                                                         \
    "str r0, [sp]\n"                                                            \
    "ldr r1, [r0, #20]\n"                                                       \
    "str r1, [sp, #4]\n"                                                        \
    "add r1, r1, #12\n"                                                         \
    "str r1, [sp, #20]\n"                                                       \
    "ldr r2, [r0, #40]\n"                                                       \
    ENTRY("2f", "3f", "8")                                                      \
    ENTRY("4f", "5f", "12")                                                     \
    ENTRY("7f", "8f", "16")                                                     \
    "ldr r12, [r0, #8]\n"                                                       \
    "mov r1, #0\n"                                                              \
    "msr apsr_nzcvq, r1\n"                                                      \
    "1:\n" load_first                                                           \
    "ldr r10, [r0, #32]\n"                                                      \
    "ldr lr, [r0, #12]\n"                                                       \
    "ldr r11, [r0, #28]\n"                                                      \
    "ldr pc, [sp, #8]\n"                                                        \
    ".balign 4\n"                                                               \
    "2:\n" FIRST(votes)                                                         \
    "3:\n" FIRST(votes) FIRST(votes) FIRST(votes) FIRST(votes)                  \
    "ldr r3, [sp, #4]\n"                                                        \
    "cmp lr, r3\n"                                                              \
    "bne 2b\n"                                                                  \
    "ldr r0, [sp]\n"                                                            \
    "str r11, [r0, #44]\n" load_second                                          \
    "ldr lr, [r0, #12]\n"                                                       \
    "ldr r11, [r0, #28]\n"                                                      \
    "ldr pc, [sp, #12]\n"                                                       \
    ".balign 4\n"                                                               \
    "4:\n" SECOND(votes)                                                        \
    "5:\n" SECOND(votes) SECOND(votes) SECOND(votes) SECOND(votes)              \
    "ldr r3, [sp, #4]\n"                                                        \
    "cmp lr, r3\n"                                                              \
    "bne 4b\n"                                                                  \
    "ldr r0, [sp]\n"                                                            \
    "str r12, [r0, #8]\n"                                                       \
    "mrs r1, apsr\n"                                                            \
    "lsls r1, r1, #4\n"                                                         \
    "bmi 9f\n"                                                                  \
    /* (2^32 - 1) / ((sum << k) >> 15) << (k - n), for smulwb to shift by 16 */ \
    "6:\n"                                                                      \
    "ldr r1, [r0, #44]\n"                                                       \
    "ldr r2, [r0, #36]\n"                                                       \
    "clz r3, r1\n"                                                              \
    "clz r4, r11\n"                                                             \
    "lsl r1, r1, r3\n"                                                          \
    "lsl r11, r11, r4\n"                                                        \
    "lsr r1, r1, #15\n"                                                         \
    "lsr r11, r11, #15\n"                                                       \
    "mov r5, #-1\n"                                                             \
    "udiv r10, r5, r1\n"                                                        \
    "udiv r11, r5, r11\n"                                                       \
    "sub r3, r3, r2\n"                                                          \
    "sub r4, r4, r2\n"                                                          \
    "lsl r10, r10, r3\n"                                                        \
    "lsl r11, r11, r4\n"                                                        \
    "ldr r12, [r0, #12]\n"                                                      \
    "ldr lr, [r0, #16]\n"                                                       \
    "add r12, r12, #12\n"                                                       \
    "ldr pc, [sp, #16]\n"                                                       \
    ".balign 4\n"                                                               \
    "7:\n" SUMS                                                                 \
    "8:\n" SUMS SUMS SUMS SUMS                                                  \
    "ldr r0, [sp, #20]\n"                                                       \
    "cmp r12, r0\n"                                                             \
    "bne 7b\n"                                                                  \
    "ldr r0, [sp]\n"                                                            \
    "ldr r12, [r0, #8]\n"                                                       \
    "ldrd r1, r2, [r0]\n"                                                       \
    "cmp r1, r2\n"                                                              \
    "bne 1b\n"                                                                  \
    "add sp, sp, #28\n"                                                         \
    "pop {r4-r11, pc}\n"                                                        \
    "9:\n" /* Q: some logit is far */                                           \
    "str r11, [r0, #48]\n"                                                      \
    "bl tfcaps_routing_paired_far\n"                                            \
    "mov r1, #0\n"                                                              \
    "msr apsr_nzcvq, r1\n"                                                      \
    "ldr r0, [sp]\n"                                                            \
    "ldr r11, [r0, #48]\n"                                                      \
    "b 6b\n"

/* clang-format on */

#endif
