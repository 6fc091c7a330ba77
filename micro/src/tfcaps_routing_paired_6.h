/* The loops of routing for K = 4, P = 3 in assembly of Armv7E-M: their parts, and the coupled pass around
 * votes that are made, of six outputs or of five, or found. Twin: tfcaps_routing_paired.c. GCC has no
 * register left for the sums and loads one word an instruction, which costs half as much again. Private.
 *
 * Five output capsules are unrolled; a loop is entered behind those that the last five lack. What a loop
 * begins with lies at the stack pointer in the order of its registers, so that one instruction loads it. */
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

/* An input capsule, less the zero point in both halves of r3, in halfwords: r8, r9. */
#define HALVES(bytes)                           \
    "sxtab16 r8, r3, " bytes "\n"               \
    "sxtab16 r9, r3, " bytes ", ror #8\n"

/* A pair of votes, from two words of weights and r8, r9, to the word vote. The low one comes first, the high one's
 * products are added to it, which leaves 256 times the high one. r5 and r6 are free. */
#define PAIR(vote, a, b)                        \
    "sxtb16 r6, " a "\n"                        \
    "sxtb16 r5, " b "\n"                        \
    "smusdx r6, r8, r6\n"                       \
    "smlsdx r6, r9, r5, r6\n"                   \
    "smlsdx " a ", " a ", r8, r6\n"             \
    "smlsdx " a ", " b ", r9, " a "\n"          \
    "pkhbt " vote ", r6, " a ", lsl #8\n"

/* Votes of one output capsule, r0-r2, from the weights at r12. There is no register for all six words. */
#define MAKE_VOTES                              \
    "ldm r12!, {r0-r3}\n"                       \
    PAIR("r0", "r0", "r1")                      \
    PAIR("r1", "r2", "r3")                      \
    "ldm r12!, {r2, r3}\n"                      \
    PAIR("r2", "r2", "r3")

/* The same of five outputs, r0, r1 and r4: the words of the last one have no other that shares them. Above the last vote
 * is its sign, which meets zeros in V and is not added to any sum. */
#define MAKE_5_VOTES                            \
    "ldm r12!, {r0-r5}\n"                       \
    "smusdx r6, r8, r4\n"                       \
    "smlsdx r4, r9, r5, r6\n"                   \
    PAIR("r0", "r0", "r1")                      \
    PAIR("r1", "r2", "r3")

/* The logit of votes r0, r1, v2, and e, added to r11. Saturation, which means that the logit is far, leaves Q set. a, b
 * and c are free and in this order; e may be one of them. */
#define EXP(v2, a, b, c, e)                     \
    "ldm r7!, {" a ", " b ", " c "}\n"          \
    "smuad " a ", r0, " a "\n"                  \
    "smlad " a ", r1, " b ", " a "\n"           \
    "smlad " e ", " v2 ", " c ", " a "\n"       \
    "ssat " e ", #10, " e ", asr #16\n"         \
    "ldrh " e ", [r10, " e ", lsl #1]\n"        \
    "add r11, r11, " e "\n"

/* One output capsule: its votes and e to the record. The first input capsule's store goes on over the second's place,
 * which is free as yet, to the next record. */
#define EXP_6 EXP("r2", "r3", "r4", "r5", "r3")
#define FIRST_6(votes) votes EXP_6 "stm lr!, {r0-r7}\n"
#define SECOND_6(votes) votes EXP_6 "strd r0, r1, [lr], #8\n strd r2, r3, [lr], #24\n"
#define EXP_5 EXP("r4", "r2", "r3", "r5", "r5")
#define FIRST_5 MAKE_5_VOTES EXP_5 "stm lr!, {r0, r1, r4-r9}\n"
#define SECOND_5 MAKE_5_VOTES EXP_5 "strd r0, r1, [lr], #8\n strd r4, r5, [lr], #24\n"

/* The coupling r9 times votes, added to five sums, and to a sixth. */
#define TIMES_5                                 \
    "smlawb r0, r9, r6, r0\n"                   \
    "smlawt r1, r9, r6, r1\n"                   \
    "smlawb r2, r9, r7, r2\n"                   \
    "smlawt r3, r9, r7, r3\n"                   \
    "smlawb r4, r9, r8, r4\n"
#define TIMES_6 TIMES_5 "smlawt r5, r9, r8, r5\n"

/* Both input capsules' couplings, from e and r10, r11, and votes of one output capsule. */
#define SUMS(times)                             \
    "ldm lr, {r0-r5}\n"                         \
    "ldm r12!, {r6-r9}\n"                       \
    "smulwb r9, r10, r9\n" times                \
    "ldm r12!, {r6-r9}\n"                       \
    "smulwb r9, r11, r9\n" times                \
    "stm lr!, {r0-r5}\n"

/* The reciprocals of the sums first and second, for smulwb, which shifts by 16: (2^32 - 1) / ((sum << k) >> 15)
 * << (k - n), in the registers to_first and to_second. ones: 2^32 - 1; a and b are free. */
#define RECIPROCALS(first, second, n, ones, a, b, to_first, to_second) \
    "clz " a ", " first "\n"                    \
    "clz " b ", " second "\n"                   \
    "lsl " first ", " first ", " a "\n"         \
    "lsl " second ", " second ", " b "\n"       \
    "lsr " first ", " first ", #15\n"           \
    "lsr " second ", " second ", #15\n"         \
    "udiv " first ", " ones ", " first "\n"     \
    "udiv " second ", " ones ", " second "\n"   \
    "sub " a ", " a ", " n "\n"                 \
    "sub " b ", " b ", " n "\n"                 \
    "lsl " to_first ", " first ", " a "\n"      \
    "lsl " to_second ", " second ", " b "\n"

#define CLEAR_Q "mov r1, #0\n msr apsr_nzcvq, r1\n"

/* One word of weights of a pass over plain sums: the sums of both and of the low outputs. */
#define SUM_WORD(w, u, both, low)               \
    "smlsdx " both ", " w ", " u ", " both "\n" \
    "sxtb16 " w ", " w "\n"                     \
    "smlsdx " low ", " u ", " w ", " low "\n"

/* The body of a pass over plain sums: add for six outputs, rest for what is left of an input capsule. r8, r9 input
 * capsule, r11 end of sums, r12 kernel, lr sums. On the stack: u, its end, the zero point, sums, the entry, the pass, the
 * end of what is left. */
#define SUM_PASS(add, rest)                     \
    "push {r4-r11, lr}\n"                       \
    "sub sp, sp, #28\n"                         \
    "ldr r4, [r0]\n"                            \
    "ldr r5, [r0, #12]\n"                       \
    "ldr r6, [r0, #8]\n"                        \
    "ldr r7, [r0, #32]\n"                       \
    "stm sp, {r4-r7}\n"                         \
    "ldr r1, [r0, #36]\n"                       \
    "strd r0, r1, [sp, #20]\n"                  \
    "ldr r2, [r0, #48]\n"                       \
    ENTRY("2f", "3f", "16")                     \
    "ldr r12, [r0, #28]\n"                      \
    "ldr r11, [r0, #40]\n"                      \
    "ldm sp, {r1-r3, lr}\n"                     \
    "1:\n"                                      \
    "ldr r4, [r1], #4\n"                        \
    HALVES("r4")                                \
    "str r1, [sp]\n"                            \
    "ldr pc, [sp, #16]\n"                       \
    ".balign 4\n"                               \
    "2:\n" add                                  \
    "3:\n" add add add add                      \
    "cmp lr, r11\n"                             \
    "bne 2b\n" rest                             \
    "ldm sp, {r1-r3, lr}\n"                     \
    "cmp r1, r2\n"                              \
    "bne 1b\n"                                  \
    "ldr r0, [sp, #20]\n"                       \
    "str r1, [r0]\n"                            \
    "str r12, [r0, #28]\n"                      \
    "add sp, sp, #28\n"                         \
    "pop {r4-r11, pc}\n"

/* What a turn of the coupled pass begins with: u, its end, the zero point, V, the table, the sum of e, kernel, records.
 * The second input capsule goes on in the kernel; what else it begins with lies behind V, as what ends a turn. */
#define LOAD_FIRST "ldm sp, {r1-r4, r7, r10-r12, lr}\n"
#define LOAD_SECOND "ldm r7, {r7, r11, lr}\n"
#define LOAD_ENDS "ldm r7, {r0-r5, r12, lr}\n"

/* Both input capsules of a turn to halves, for votes that are made; r1 is u. */
#define FIRST_HALVES                            \
    "ldr r4, [r1], #8\n"                        \
    "ldr r5, [r1, #-4]\n"                       \
    HALVES("r4")                                \
    "strd r1, r5, [sp]\n"
#define SECOND_HALVES "ldrd r2, r3, [sp, #4]\n" HALVES("r2")

/* The body of a coupled pass, whose end the register `at` reaches. r7 V, r10 table (later the first reciprocal), r11
 * sum of e (later the second reciprocal) below the turns that are left, r12 kernel or kept votes (later records), lr
 * records (later sums). On the stack: the first nine words of the pass, the pass, end of records, the three entries. */
#define COUPLED_PASS(first_halves, first, second_halves, second, sums, at)      \
    "push {r4-r11, lr}\n"                                                       \
    "sub sp, sp, #60\n"                                                         \
    "ldm r0, {r1-r9}\n"                                                         \
    "stm sp, {r1-r9}\n"                                                         \
    "ldr r1, [r0, #40]\n"                                                       \
    "strd r0, r1, [sp, #36]\n"                                                  \
    "ldr r2, [r0, #48]\n"                                                       \
    ENTRY("2f", "3f", "44")                                                     \
    ENTRY("4f", "5f", "48")                                                     \
    ENTRY("7f", "8f", "52")                                                     \
    CLEAR_Q LOAD_FIRST                                                          \
    "1:\n" first_halves                                                         \
    "ldr pc, [sp, #44]\n"                                                       \
    ".balign 4\n"                                                               \
    "2:\n" first                                                                \
    "3:\n" first first first first                                              \
    "adds r11, r11, #0x1000000\n"                                               \
    "bcc 2b\n"                                                                  \
    "str r11, [r7, #12]\n" LOAD_SECOND second_halves                            \
    "ldr pc, [sp, #48]\n"                                                       \
    ".balign 4\n"                                                               \
    "4:\n" second                                                               \
    "5:\n" second second second second                                          \
    "adds r11, r11, #0x1000000\n"                                               \
    "bcc 4b\n"                                                                  \
    "str r12, [sp, #28]\n"                                                      \
    "mrs r1, apsr\n"                                                            \
    "lsls r1, r1, #4\n"                                                         \
    "bmi 9f\n"                                                                  \
    "6:\n"                                                                      \
    LOAD_ENDS RECIPROCALS("r3", "r11", "r4", "r5", "r0", "r1", "r10", "r11")    \
    "ldr pc, [sp, #52]\n"                                                       \
    ".balign 4\n"                                                               \
    "7:\n" sums                                                                 \
    "8:\n" sums sums sums sums                                                  \
    "ldr r0, [sp, #40]\n"                                                       \
    "cmp r12, r0\n"                                                             \
    "bne 7b\n" LOAD_FIRST                                                       \
    "cmp " at ", r4\n"                                                          \
    "bne 1b\n"                                                                  \
    "ldr r0, [sp, #36]\n"                                                       \
    "str r1, [r0]\n"                                                            \
    "str r12, [r0, #28]\n"                                                      \
    "add sp, sp, #60\n"                                                         \
    "pop {r4-r11, pc}\n"                                                        \
    "9:\n" /* Q: some logit is far */                                           \
    "ldr r0, [sp, #36]\n"                                                       \
    "bl tfcaps_routing_paired_far\n" CLEAR_Q                                    \
    "ldr r0, [sp, #36]\n"                                                       \
    "ldrd r1, r11, [r0, #52]\n"                                                 \
    "str r1, [r7, #12]\n"                                                       \
    "b 6b\n"

/* clang-format on */

#endif
