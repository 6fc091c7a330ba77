/* Reset and the vector table of a Cortex-M4 whose interrupts stay off. */
#include "board.h"

extern uint32_t stack_top[], data_load[], data_start[], data_end[], bss_start[], bss_end[];

void reset(void);

static void fault(void) {
    for (;;) {
    }
}

void reset(void) {
    const uint32_t *source = data_load;
    for (uint32_t *word = data_start; word < data_end; ++word) {
        *word = *source++;
    }
    for (uint32_t *word = bss_start; word < bss_end; ++word) {
        *word = 0;
    }
    *(volatile uint32_t *)0xe000ed88u |= 15u << 20; /* CPACR: the compiler may use floating-point registers */
    __asm volatile("dsb\n isb");
    (void)main();
    fault();
}

typedef struct vectors {
    const uint32_t *stack;
    void (*handlers[15])(void); /* reset, NMI, the faults and the system's */
} vectors;

__attribute__((section(".vectors"), used)) static const vectors table = {
    stack_top,
    {reset, fault, fault, fault, fault, fault, fault, fault, fault, fault, fault, fault, fault, fault, fault},
};
