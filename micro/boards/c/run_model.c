/* Runs a generated model on every image of images.bin and writes its outputs to outputs.bin; both files are
 * the tensors of one image after the other. Prints "name value" lines. The build says what the model is
 * called where: MODEL_INPUT_SIZES, MODEL_OUTPUT_SIZES   their bytes, separated by commas */
#include "model.h"
#include "semihosting.h"
#include "stack.h"

enum {
    FAILED_FILES = 2,
    FAILED_MODEL = 3,
    ALIGNMENT = 16,
};

static const size_t input_sizes[] = {MODEL_INPUT_SIZES};
static const size_t output_sizes[] = {MODEL_OUTPUT_SIZES};

#define COUNT(array) (sizeof(array) / sizeof *(array))

__attribute__((aligned(ALIGNMENT))) static uint8_t arena[MODEL_ARENA_BYTES + 1];
__attribute__((aligned(ALIGNMENT))) static int8_t tensors[MODEL_TENSOR_BYTES];

/* Divides `memory` among tensors; gives what is left. */
static int8_t *place(const size_t *sizes, size_t count, int8_t *memory, int8_t **placed) {
    for (size_t n = 0; n < count; ++n) {
        placed[n] = memory;
        memory += (sizes[n] + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    }
    return memory;
}

static void report(const char *name, uint32_t value) {
    board_print(name);
    board_print(" ");
    board_print_number(value);
    board_print("\n");
}

/* Whether there was another image. */
static int read_image(intptr_t file, int8_t *const inputs[]) {
    for (size_t n = 0; n < COUNT(input_sizes); ++n) {
        if (board_read(file, inputs[n], input_sizes[n]) != input_sizes[n]) {
            return 0;
        }
    }
    return 1;
}

int main(void) {
    int8_t *inputs[COUNT(input_sizes)];
    int8_t *outputs[COUNT(output_sizes)];
    const int8_t *given[COUNT(input_sizes)];
    (void)place(output_sizes, COUNT(output_sizes), place(input_sizes, COUNT(input_sizes), tensors, inputs),
                outputs);
    for (size_t n = 0; n < COUNT(input_sizes); ++n) {
        given[n] = inputs[n];
    }
    const intptr_t images = board_open("images.bin", BOARD_READ);
    const intptr_t results = board_open("outputs.bin", BOARD_CREATE);
    if (images < 0 || results < 0) {
        return FAILED_FILES;
    }
    uint32_t stack = 0;
    while (read_image(images, inputs)) {
        board_stack_paint();
        const tfcaps_status status = model_run(arena, given, outputs);
        const uint32_t used = board_stack_used();
        stack = used > stack ? used : stack;
        if (status != TFCAPS_OK) {
            report("status", (uint32_t)status);
            return FAILED_MODEL;
        }
        for (size_t n = 0; n < COUNT(output_sizes); ++n) {
            if (board_write(results, outputs[n], output_sizes[n]) != 0) {
                return FAILED_FILES;
            }
        }
    }
    report("arena_bytes", MODEL_ARENA_BYTES);
    report("stack_bytes", stack);
    board_close(results);
    return 0;
}
