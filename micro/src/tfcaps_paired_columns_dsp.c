/* Four bytes of both columns become two steps in seven instructions: what is stored at once lies in registers
 * in its order, which GCC 12 does not bring about. Rows may be as short as one byte, so that what surrounds
 * those is assembly too, and how a row goes on is decided once, as addresses of code:
 *
 *     r0, r1       the columns
 *     r2           where a row's fours begin
 *     r3           rows to come
 *     r4-r6, r8    bytes and halfwords
 *     r7, r9       turns of the loop of fours, to come and all
 *     r10          bytes from behind a row's fours to the next row
 *     r11          where a row goes on after a turn
 *     r12          words
 *     lr           where it goes on behind its fours */
#include "tfcaps_noinline.h"
#include "tfcaps_paired.h"
#include "tfcaps_variant.h"

#if defined(TFCAPS_DSP)

/* A step of the bytes at FIRST and SECOND. */
#define TWO_BYTES(FIRST, SECOND)                                                                             \
    "    ldrsb r4, [r0, " FIRST "]\n"                                                                        \
    "    ldrsb r5, [r1, " FIRST "]\n"                                                                        \
    "    ldrsb r6, [r0, " SECOND "]\n"                                                                       \
    "    ldrsb r8, [r1, " SECOND "]\n"                                                                       \
    "    pkhbt r4, r4, r6, lsl #16\n"                                                                        \
    "    pkhbt r5, r5, r8, lsl #16\n"                                                                        \
    "    strd r4, r5, [r12], #8\n"

/* The outer two of three bytes with one before them. */
#define OUTER_BYTES                                                                                          \
    "    ldr r4, [r0, #-1]\n"                                                                                \
    "    ldr r5, [r1, #-1]\n"                                                                                \
    "    sxtb16 r4, r4, ror #8\n"                                                                            \
    "    sxtb16 r5, r5, ror #8\n"                                                                            \
    "    strd r4, r5, [r12], #8\n"

/* The ends of two rows whose odd bytes, at ODD, meet: FIRST and SECOND are labels, OUTER what comes before.
 */
#define ROWS_THAT_MEET(FIRST, SECOND, OUTER, ODD)                                                            \
    "    .balign 4\n" FIRST ":\n" OUTER "    subs r3, r3, #1\n"                                              \
    "    beq 8f\n"                                                                                           \
    "    add lr, lr, #(" SECOND "f - " FIRST "b)\n"                                                          \
    "    add r0, r0, r10\n"                                                                                  \
    "    add r1, r1, r10\n"                                                                                  \
    "    bx r2\n"                                                                                            \
    "8:  ldrsb r4, [r0, " ODD "]\n" /* there is no second row */                                             \
    "    ldrsb r5, [r1, " ODD "]\n"                                                                          \
    "    strd r4, r5, [r12], #8\n"                                                                           \
    "    b.w 9f\n"                                                                                           \
    "    .balign 4\n" SECOND ":\n" OUTER "    sub lr, lr, #(" SECOND "b - " FIRST "b)\n"                     \
    "    ldr r8, [sp]\n" /* from an odd byte to that of the row before */                                    \
    "    ldrsb r4, [r0, r8]\n"                                                                               \
    "    ldrsb r5, [r1, r8]\n"                                                                               \
    "    ldrsb r6, [r0, " ODD "]\n"                                                                          \
    "    ldrsb r8, [r1, " ODD "]\n"                                                                          \
    "    pkhbt r4, r4, r6, lsl #16\n"                                                                        \
    "    pkhbt r5, r5, r8, lsl #16\n"                                                                        \
    "    strd r4, r5, [r12], #8\n"                                                                           \
    "    b.w 30f\n"

TFCAPS_NAKED void tfcaps_paired_columns(const int8_t *column0, const int8_t *column1,
                                        tfcaps_paired_rows *rows) {
    __asm__ volatile(
        ".syntax unified\n"
        "    push {r4-r11, lr}\n"
        "    ldm r2!, {r3, r12}\n" /* rows, words */
        "    mov r4, r2\n"
        "    ldm r4, {r2, r8, r9, r10, r11, lr}\n" /* the ways */
        "    cbz r2, 50f\n"
        "51: str r8, [sp, #-4]!\n"
        "    mov r7, r9\n"
        "    bx r2\n"

        "50: add r7, r4, #24\n"
        "    ldm r7, {r5, r6, r7}\n" /* size, step, together */
        "    lsr r9, r5, #2\n"       /* fours */
        "    sub r10, r6, r9, lsl #2\n"
        "    and lr, r5, #3\n"
        "    lsr r8, lr, #1\n" /* of three bytes, the odd one is the middle one */
        "    and r8, r8, lr\n"
        "    sub r8, r8, r6\n"
        "    cmp r7, #1\n" /* rows by themselves are numbers 4 ... 7 */
        "    it eq\n"
        "    addeq lr, lr, #4\n"
        "    cmp r5, #3\n"
        "    it eq\n"
        "    moveq lr, #8\n"
        "    adr r6, 60f\n"
        "    ldr lr, [r6, lr, lsl #2]\n"
        "    add lr, lr, r6\n"
        "    rsb r2, r9, #0\n"
        "    and r2, r2, #3\n" /* how many the first turn leaves out */
        "    mov r7, #28\n"    /* bytes of what takes four bytes apart */
        "    adr r6, 21f\n"
        "    mla r2, r2, r7, r6\n"
        "    adr r11, 25f\n"
        "    add r9, r9, #3\n"
        "    lsrs r9, r9, #2\n"
        "    it eq\n"
        "    moveq r2, r11\n" /* no fours at all */
        "    cmp r9, #1\n"
        "    it hi\n"
        "    subhi r11, r11, #(25f - 24f)\n"
        "    add r2, r2, #1\n"
        "    add r11, r11, #1\n"
        "    stm r4, {r2, r8, r9, r10, r11, lr}\n"
        "    b 51b\n"

        "    .balign 4\n"
        "60: .word 30f - 60b + 1, 31f - 60b + 1, 32f - 60b + 1, 33f - 60b + 1\n"
        "    .word 30f - 60b + 1, 35f - 60b + 1, 32f - 60b + 1, 37f - 60b + 1\n"
        "    .word 39f - 60b + 1\n"

        "21:\n"
        "    .rept 4\n"
        "    ldr r6, [r0], #4\n"
        "    ldr r8, [r1], #4\n"
        "    sxtb16 r4, r6\n"
        "    sxtb16 r5, r8\n"
        "    sxtb16 r6, r6, ror #8\n"
        "    sxtb16 r8, r8, ror #8\n"
        "    stm.w r12!, {r4, r5, r6, r8}\n"
        "    .endr\n"
        "    bx r11\n"
        "    .balign 4\n"
        "24: subs r7, r7, #1\n"
        "    bne 21b\n"
        "    mov r7, r9\n"
        "    .balign 4\n"
        "25: bx lr\n"

        ROWS_THAT_MEET("31", "34", "", "#0") ROWS_THAT_MEET("33", "36", OUTER_BYTES, "#1")
            ROWS_THAT_MEET("39", "40", TWO_BYTES("#0", "#2"), "#1") /* of three bytes and no more */

        "37:\n" OUTER_BYTES "    ldrsb r4, [r0, #1]\n"
        "    ldrsb r5, [r1, #1]\n"
        "    b 38f\n"
        "35: ldrsb r4, [r0]\n"
        "    ldrsb r5, [r1]\n"
        "38: strd r4, r5, [r12], #8\n"
        "    b 30f\n"
        "32:\n" TWO_BYTES("#0", "#1") "30: add r0, r0, r10\n"
                                      "    add r1, r1, r10\n"
                                      "    subs r3, r3, #1\n"
                                      "    it ne\n"
                                      "    bxne r2\n"
                                      "9:  add sp, #4\n"
                                      "    pop {r4-r11, pc}\n");
}

#endif
