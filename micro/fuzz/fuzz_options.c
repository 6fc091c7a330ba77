/* The readers of custom options: any bytes at any alignment, in an allocation of exactly their number. What a
 * reader accepts, the kernel has to accept too. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "tfcaps/options.h"

enum {
    MOST_UNITS = 64,
    CAPSULES = 3,
    DEPTH = 2
};

static void require(int so, const char *what) {
    if (!so) {
        (void)fprintf(stderr, "fuzz: %s\n", what);
        abort();
    }
}

static void read_squash(const uint8_t *options, size_t size) {
    tfcaps_squash_params params;
    const char *key = "";
    const tfcaps_status status = tfcaps_squash_options(options, size, &params, &key);
    require(tfcaps_squash_options(options, size, &params, NULL) == status, "squash: key matters");
    require(tfcaps_squash_options(NULL, size, &params, &key) != TFCAPS_OK, "squash: no options");
    require(tfcaps_squash_options(options, size, NULL, &key) != TFCAPS_OK, "squash: no parameters");
    if (status == TFCAPS_OK) {
        const tfcaps_capsules_dims dims = {2, 3};
        int8_t values[6] = {-128, 127, 0, 1, -1, 77};
        require(tfcaps_squash_s8(&params, &dims, values, values) == TFCAPS_OK, "squash: read, not accepted");
    }
}

static void read_length(const uint8_t *options, size_t size) {
    tfcaps_length_params params;
    const char *key = "";
    const tfcaps_status status = tfcaps_length_options(options, size, &params, &key);
    require(tfcaps_length_options(options, size, &params, NULL) == status, "length: key matters");
    require(tfcaps_length_options(NULL, size, &params, &key) != TFCAPS_OK, "length: no options");
    require(tfcaps_length_options(options, size, NULL, &key) != TFCAPS_OK, "length: no parameters");
    if (status == TFCAPS_OK) {
        const tfcaps_capsules_dims dims = {2, 3};
        const int8_t values[6] = {-128, 127, 0, 1, -1, 77};
        int8_t lengths[2];
        require(tfcaps_length_s8(&params, &dims, values, lengths) == TFCAPS_OK, "length: read, not accepted");
    }
}

static void run_dense(const tfcaps_capsule_dense_params *params) {
    static int64_t memory[8 * MOST_UNITS];
    static int8_t values[CAPSULES * MOST_UNITS * DEPTH];
    static int8_t output[MOST_UNITS];
    const tfcaps_context context = {memory, sizeof memory};
    const int32_t units = params->multiplier_count;
    const tfcaps_capsule_dense_dims dims = {1, CAPSULES, DEPTH, units % 3 == 0 ? units / 3 : units,
                                            units % 3 == 0 ? 3 : 1};
    for (size_t n = 0; n < sizeof values; ++n) {
        values[n] = (int8_t)(n % 3 == 0 ? INT8_MIN : INT8_MAX);
    }
    size_t need = 0;
    require(tfcaps_capsule_dense_s8_get_buffer_size(&dims, &need) == TFCAPS_OK && need <= sizeof memory,
            "capsule dense: more scratch than there is");
    require(tfcaps_capsule_dense_s8(&context, params, &dims, values, values, NULL, output) == TFCAPS_OK,
            "capsule dense: read, not accepted");
}

static void read_dense(const uint8_t *options, size_t size) {
    tfcaps_capsule_dense_params params;
    const char *key = "";
    size_t count = 0;
    const tfcaps_status known = tfcaps_capsule_dense_options_storage(options, size, &count, &key);
    int32_t *storage = malloc(count * sizeof *storage + (count == 0));
    require(storage != NULL, "no memory");
    const tfcaps_status status = tfcaps_capsule_dense_options(options, size, storage, count, &params, &key);
    require(status != TFCAPS_OK || known == TFCAPS_OK, "capsule dense: storage unknown");
    require(tfcaps_capsule_dense_options_storage(NULL, size, &count, &key) != TFCAPS_OK &&
                tfcaps_capsule_dense_options_storage(options, size, NULL, &key) != TFCAPS_OK &&
                tfcaps_capsule_dense_options(NULL, size, storage, count, &params, &key) != TFCAPS_OK &&
                tfcaps_capsule_dense_options(options, size, storage, count, NULL, &key) != TFCAPS_OK,
            "capsule dense: a missing pointer");
    if (status == TFCAPS_OK && params.multiplier_count > 0 && params.multiplier_count <= MOST_UNITS) {
        run_dense(&params);
    }
    if (status == TFCAPS_OK && count > 0) {
        require(tfcaps_capsule_dense_options(options, size, storage, count - 1, &params, &key) != TFCAPS_OK,
                "capsule dense: storage that is too small");
        require(tfcaps_capsule_dense_options(options, size, NULL, count, &params, NULL) != TFCAPS_OK,
                "capsule dense: no storage");
    }
    free(storage);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size == 0) {
        return 0;
    }
    const size_t offset = data[0] % sizeof(int64_t);
    uint8_t *memory = malloc(offset + size);
    require(memory != NULL, "no memory");
    /* One byte less than there are: the allocation ends where the options end. */
    uint8_t *options = memory + offset + 1;
    memcpy(options, data + 1, size - 1);
    read_squash(options, size - 1);
    read_length(options, size - 1);
    read_dense(options, size - 1);
    free(memory);
    return 0;
}
