/* Reads records of [size, 4 bytes little-endian][bytes] from a file and gives each to every options reader, at every
 * alignment and in an allocation of exactly its size; runs the kernel with what they accept. Built with sanitizers. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tfcaps/options.h"

static void run_dense(const tfcaps_capsule_dense_params *params, unsigned seed) {
    const int32_t outputs = params->multiplier_count;
    const int32_t dimension = outputs % 3 == 0 ? 3 : 1;
    const tfcaps_capsule_dense_dims dims = {2, 7, 5, outputs / dimension, dimension};
    size_t need = 0;
    if (outputs > 64 || tfcaps_capsule_dense_s8_get_buffer_size(&dims, &need) != TFCAPS_OK) {
        return;
    }
    int8_t *input = malloc(70), *kernel = malloc((size_t)(35 * outputs)), *output = malloc((size_t)(2 * outputs));
    int32_t *bias = malloc((size_t)outputs * sizeof *bias);
    const tfcaps_context context = {malloc(need), need};
    const int8_t extremes[] = {-128, 127, 0, 1, -1, 77, -128, 127};
    for (int n = 0; n < 70; ++n) {
        input[n] = extremes[(seed = seed * 1664525u + 1013904223u) >> 29];
    }
    for (int n = 0; n < 35 * outputs; ++n) {
        kernel[n] = extremes[(seed = seed * 1664525u + 1013904223u) >> 29];
    }
    for (int n = 0; n < outputs; ++n) {
        bias[n] = n % 2 ? INT32_MIN : INT32_MAX;
    }
    if (tfcaps_capsule_dense_s8(&context, params, &dims, input, kernel, seed % 2 ? bias : NULL, output) != TFCAPS_OK) {
        abort();
    }
    free(input), free(kernel), free(output), free(bias), free(context.buf);
}

static int read_all(const uint8_t *bytes, size_t size) {
    int accepted = 0;
    tfcaps_squash_params squash;
    tfcaps_length_params length;
    tfcaps_capsule_dense_params dense;
    const char *key = NULL;
    size_t count = 0;
    int8_t data[12] = {-128, 127, 3, -128, -128, -128, 127, 127, 127, 0, 0, 0};
    const tfcaps_capsules_dims dims = {4, 3};
    if (tfcaps_squash_options(bytes, size, &squash, &key) == TFCAPS_OK) {
        accepted += tfcaps_squash_s8(&squash, &dims, data, data) == TFCAPS_OK;
    }
    if (tfcaps_length_options(bytes, size, &length, &key) == TFCAPS_OK) {
        accepted += tfcaps_length_s8(&length, &dims, data, data) == TFCAPS_OK;
    }
    if (tfcaps_capsule_dense_options_storage(bytes, size, &count, &key) == TFCAPS_OK) {
        int32_t *storage = malloc(count * sizeof *storage + 1);
        if (tfcaps_capsule_dense_options(bytes, size, storage, count, &dense, &key) == TFCAPS_OK) {
            run_dense(&dense, (unsigned)size);
            ++accepted;
        }
        free(storage);
    }
    return accepted;
}

int main(int argc, char **argv) {
    FILE *file = argc == 2 ? fopen(argv[1], "rb") : NULL;
    uint8_t head[4];
    long records = 0, accepted = 0;
    if (file == NULL) {
        return 1;
    }
    while (fread(head, 1, 4, file) == 4) {
        const size_t size = (size_t)head[0] | (size_t)head[1] << 8;
        for (size_t offset = 0; offset < 4; ++offset) {
            uint8_t *raw = malloc(size + offset + (size + offset == 0));
            if (offset == 0 ? fread(raw, 1, size, file) != size
                            : (fseek(file, -(long)size, SEEK_CUR), fread(raw + offset, 1, size, file) != size)) {
                return 2;
            }
            accepted += read_all(raw + offset, size);
            free(raw);
        }
        ++records;
    }
    fclose(file);
    printf("%ld records, %ld accepted\n", records, accepted);
    return 0;
}
