/* Raspberry Pi Pico 2 on its RISC-V cores: LED at GPIO 25; UART0 with TX at GPIO 0 (pin 1 of the board).
 * Registers: RP2350 data sheet. The chip runs from the board's 12 MHz crystal. */
#include "board.h"

#define REGISTER(address) (*(volatile uint32_t *)(address))

#define RESETS_RESET REGISTER(0x40020000u)
#define RESETS_RESET_DONE REGISTER(0x40020008u)
#define XOSC_CTRL REGISTER(0x40048000u)
#define XOSC_STATUS REGISTER(0x40048004u)
#define XOSC_STARTUP REGISTER(0x4004800cu)
#define CLK_REF_CTRL REGISTER(0x40010030u)
#define CLK_REF_SELECTED REGISTER(0x40010038u)
#define CLK_SYS_CTRL REGISTER(0x4001003cu)
#define CLK_PERI_CTRL REGISTER(0x40010048u)
#define GPIO_CTRL(pin) REGISTER(0x40028004u + 8u * (pin))
#define PADS_GPIO(pin) REGISTER(0x40038004u + 4u * (pin))
#define SIO_GPIO_OUT_SET REGISTER(0xd0000018u)
#define SIO_GPIO_OUT_CLR REGISTER(0xd0000020u)
#define SIO_GPIO_OE_SET REGISTER(0xd0000038u)
#define UART0_DR REGISTER(0x40070000u)
#define UART0_FR REGISTER(0x40070018u)
#define UART0_IBRD REGISTER(0x40070024u)
#define UART0_FBRD REGISTER(0x40070028u)
#define UART0_LCR_H REGISTER(0x4007002cu)
#define UART0_CR REGISTER(0x40070030u)

enum {
    XOSC_HZ = 12000000,
    BAUD = 115200,
    LED = 25,
    TX = 0,
    FUNCTION_UART = 2,
    FUNCTION_SIO = 5,
};

static void use_pin(uint32_t pin, uint32_t function) {
    PADS_GPIO(pin) = 1u << 6 | 1u << 4 | 1u << 1; /* input enable, 4 mA, Schmitt trigger; isolation off */
    GPIO_CTRL(pin) = function;
}

void board_init(void) {
    const uint32_t needed = 1u << 26 | 1u << 9 | 1u << 6; /* UART0, pads, pin functions */

    XOSC_CTRL = 0xaa0u; /* 1 to 15 MHz */
    XOSC_STARTUP = 47;  /* one millisecond, in 256 periods */
    XOSC_CTRL = 0xfabaa0u;
    while ((XOSC_STATUS & 1u << 31) == 0) {
    }
    CLK_REF_CTRL = 2; /* the crystal */
    while (CLK_REF_SELECTED != 1u << 2) {
    }
    CLK_SYS_CTRL = 0;         /* clk_ref */
    CLK_PERI_CTRL = 1u << 11; /* from clk_sys */

    RESETS_RESET &= ~needed;
    while ((RESETS_RESET_DONE & needed) != needed) {
    }
    use_pin(TX, FUNCTION_UART);
    use_pin(LED, FUNCTION_SIO);
    SIO_GPIO_OE_SET = 1u << LED;

    const uint32_t divisor =
        (8u * XOSC_HZ / BAUD + 1) / 2; /* with six fraction bits: clock / 16 / baud * 64 */
    UART0_IBRD = divisor >> 6;
    UART0_FBRD = divisor & 63;
    UART0_LCR_H = 3u << 5 | 1u << 4; /* 8 bits, FIFOs; latches the divisor */
    UART0_CR = 1u << 8 | 1u << 0;    /* transmitter enable, UART enable */
}

void board_put(char c) {
    while ((UART0_FR & 1u << 5) != 0) { /* transmit FIFO full */
    }
    UART0_DR = (uint8_t)c;
}

void board_led(int on) {
    if (on) {
        SIO_GPIO_OUT_SET = 1u << LED;
    } else {
        SIO_GPIO_OUT_CLR = 1u << LED;
    }
}
