#include "start.h"

#include <stdint.h>

#include "semihosting.h"

extern uint32_t __data_load[], __data_start[], __data_end[], __bss_start[], __bss_end[];

void board_start(void) {
    const uint32_t *source = __data_load;
    for (uint32_t *word = __data_start; word < __data_end; ++word) {
        *word = *source++;
    }
    for (uint32_t *word = __bss_start; word < __bss_end; ++word) {
        *word = 0;
    }
    board_exit(main());
}
