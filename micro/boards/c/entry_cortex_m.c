/* Reset and faults of a Cortex-M. */
#include <stdint.h>

#include "semihosting.h"
#include "start.h"

extern uint32_t __stack_top[];
void board_entry(void);

/* Floating point and Helium share coprocessors 10 and 11, which reset leaves off. This is assembly because a
 * compiler may use vector registers in any C function, board_start() included. */
__attribute__((naked, used)) void board_entry(void) {
    __asm volatile(
#if defined(__ARM_FP) || defined(__ARM_FEATURE_MVE)
        "ldr r0, =0xE000ED88\n" /* CPACR */
        "ldr r1, [r0]\n"
        "orr r1, r1, #0xF00000\n"
        "str r1, [r0]\n"
        "dsb\n"
        "isb\n"
#endif
        "bl board_start\n");
}

static void fault(void) {
    uint32_t number;
    __asm volatile("mrs %0, ipsr" : "=r"(number));
    board_exit(BOARD_FAULT + (int)(number & 63));
}

typedef void (*handler)(void);

__attribute__((section(".vectors"), used)) static const handler vectors[16] = {
    (handler)(uintptr_t)__stack_top,
    board_entry,
    fault,
    fault,
    fault,
    fault,
    fault,
    fault,
    fault,
    fault,
    fault,
    fault,
    fault,
    fault,
    fault,
    fault,
};
