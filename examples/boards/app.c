/* Runs the network on a board: checks it with its own self-test, then prints what it answers to a picture,
 * again and again. model.h is what `tfcaps compile --name model` writes. */
#include "board.h"

#include "model.h"

static int64_t arena[(MODEL_ARENA_BYTES + 7) / 8] __attribute__((aligned(16)));
static int8_t input[MODEL_INPUT_0_BYTES];
static int8_t output[MODEL_OUTPUT_0_BYTES];

static void print(const char *text) {
    while (*text != '\0') {
        board_put(*text++);
    }
}

static void print_number(int32_t value) {
    char digits[12];
    int n = 0;
    uint32_t rest = value < 0 ? 0u - (uint32_t)value : (uint32_t)value;
    do {
        digits[n++] = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest != 0);
    if (value < 0) {
        board_put('-');
    }
    while (n > 0) {
        board_put(digits[--n]);
    }
}

/* A grey ramp in place of a camera. */
static void take_picture(void) {
    for (int32_t k = 0; k < MODEL_INPUT_0_BYTES; ++k) {
        input[k] = (int8_t)(k % 256 - 128);
    }
}

static void wait(void) {
    for (volatile uint32_t n = 0; n < 1000000; ++n) {
    }
}

int main(void) {
    board_init();
    const tfcaps_status tested = model_self_test(arena);
    for (int on = 1;; on = !on) {
        print(tested == TFCAPS_OK ? "self-test passed;" : "SELF-TEST FAILED;");
        take_picture();
        const int8_t *const inputs[] = {input};
        int8_t *const outputs[] = {output};
        if (model_run(arena, inputs, outputs) == TFCAPS_OK) {
            print(" output");
            for (int32_t k = 0; k < MODEL_OUTPUT_0_BYTES; ++k) {
                board_put(' ');
                print_number(output[k]);
            }
        } else {
            print(" the network did not run");
        }
        print("\r\n");
        board_led(on);
        wait();
    }
}
