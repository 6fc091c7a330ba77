/* Gives every file that is named to a fuzz target: for compilers without libFuzzer, debuggers and coverage.
 */
#include <stdio.h>

#include "fuzz.h"

int main(int argc, char **argv) {
    static uint8_t bytes[1 << 16];
    for (int n = 1; n < argc; ++n) {
        FILE *file = fopen(argv[n], "rb");
        if (file == NULL) {
            (void)fprintf(stderr, "replay: %s cannot be read\n", argv[n]);
            return 1;
        }
        const size_t size = fread(bytes, 1, sizeof bytes, file);
        (void)fclose(file);
        (void)LLVMFuzzerTestOneInput(bytes, size);
    }
    printf("%d files\n", argc - 1);
    return 0;
}
