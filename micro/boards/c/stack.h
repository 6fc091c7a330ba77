/* How deep the stack has been: paint what is free of it, run something, look how much paint is left. */
#ifndef TFCAPS_BOARD_STACK_H
#define TFCAPS_BOARD_STACK_H

#include <stdint.h>

extern uint32_t __stack_limit[];

enum {
    BOARD_STACK_PAINT = 0x5AC0DE57,
};

static inline uint32_t *board_stack_pointer(void) {
    uintptr_t sp;
#if defined(__arm__)
    __asm volatile("mov %0, sp" : "=r"(sp));
#else
    __asm volatile("mv %0, sp" : "=r"(sp));
#endif
    return (uint32_t *)sp;
}

/* Paint everything below the stack pointer of the function that this is inlined into. */
__attribute__((always_inline)) static inline void board_stack_paint(void) {
    volatile uint32_t *end = board_stack_pointer();
    for (volatile uint32_t *word = __stack_limit; word < end; ++word) {
        *word = BOARD_STACK_PAINT;
    }
}

/* Bytes of stack that were used below this function since it painted; UINT32_MAX when all of it was. */
__attribute__((always_inline)) static inline uint32_t board_stack_used(void) {
    const volatile uint32_t *end = board_stack_pointer();
    const volatile uint32_t *word = __stack_limit;
    if (*word != BOARD_STACK_PAINT) {
        return UINT32_MAX;
    }
    while (word < end && *word == BOARD_STACK_PAINT) {
        ++word;
    }
    return (uint32_t)((uintptr_t)end - (uintptr_t)word);
}

#endif
