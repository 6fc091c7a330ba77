/* What a board does for app.c. */
#ifndef BOARD_H
#define BOARD_H

#include <stdint.h>

void board_init(void);  /* clocks, the LED's pin, the serial port at 115,200 baud, 8N1 */
void board_put(char c); /* sends one character */
void board_led(int on);

int main(void); /* of app.c; the start-up code calls it */

#endif
