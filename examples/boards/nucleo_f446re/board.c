/* STM32 Nucleo-F446RE: LED LD2 at PA5; USART2 (TX PA2) goes to the ST-LINK's virtual serial port.
 * Registers: ST reference manual RM0390. The chip runs from its 16 MHz RC oscillator, as after reset. */
#include "board.h"

#define REGISTER(address) (*(volatile uint32_t *)(address))

#define RCC_AHB1ENR REGISTER(0x40023830u)
#define RCC_APB1ENR REGISTER(0x40023840u)
#define GPIOA_MODER REGISTER(0x40020000u)
#define GPIOA_BSRR REGISTER(0x40020018u)
#define GPIOA_AFRL REGISTER(0x40020020u)
#define USART2_SR REGISTER(0x40004400u)
#define USART2_DR REGISTER(0x40004404u)
#define USART2_BRR REGISTER(0x40004408u)
#define USART2_CR1 REGISTER(0x4000440cu)

enum {
    HSI_HZ = 16000000,
    BAUD = 115200,
};

void board_init(void) {
    RCC_AHB1ENR |= 1u << 0;                                                   /* GPIOA */
    RCC_APB1ENR |= 1u << 17;                                                  /* USART2 */
    GPIOA_MODER = (GPIOA_MODER & ~(3u << 10 | 3u << 4)) | 1u << 10 | 2u << 4; /* PA5 output, PA2 alternate */
    GPIOA_AFRL = (GPIOA_AFRL & ~(15u << 8)) | 7u << 8;                        /* PA2: USART2_TX */
    USART2_BRR = (HSI_HZ + BAUD / 2) / BAUD;
    USART2_CR1 = 1u << 13 | 1u << 3; /* USART enable, transmitter enable */
}

void board_put(char c) {
    while ((USART2_SR & 1u << 7) == 0) { /* transmit data register empty */
    }
    USART2_DR = (uint8_t)c;
}

void board_led(int on) {
    GPIOA_BSRR = on ? 1u << 5 : 1u << 21;
}
