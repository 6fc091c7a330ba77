#include "tfcaps/options.h"
#include "tfcaps_fixed_point.h"
#include "tfcaps_flex_map.h"

static int report(const char **key, const char *name) {
    if (key != NULL) {
        *key = name;
    }
    return 0;
}

/* Reads one integer in lo ... hi. */
static int integer(const tfcaps_flex_map *map, const char *name, int64_t lo, int64_t hi, int64_t *value,
                   const char **key) {
    if (!tfcaps_flex_map_integer(map, name, value) || *value < lo || *value > hi) {
        return report(key, name);
    }
    return 1;
}

static int integer32(const tfcaps_flex_map *map, const char *name, int32_t lo, int32_t hi, int32_t *value,
                     const char **key) {
    int64_t wide = 0;
    if (!integer(map, name, lo, hi, &wide, key)) {
        return 0;
    }
    *value = (int32_t)wide;
    return 1;
}

/* Opens options of the one version there is. */
static int open_options(const uint8_t *options, size_t size, tfcaps_flex_map *map, const char **key) {
    int32_t version = 0;
    report(key, NULL);
    return tfcaps_flex_map_open(options, size, map) &&
           integer32(map, "version", TFCAPS_OPTIONS_VERSION, TFCAPS_OPTIONS_VERSION, &version, key);
}

tfcaps_status tfcaps_squash_options(const uint8_t *options, size_t size, tfcaps_squash_params *params,
                                    const char **key) {
    if (options == NULL || params == NULL) {
        return TFCAPS_ERROR_NULL;
    }
    tfcaps_flex_map map;
    int64_t inverse = 0;
    if (!open_options(options, size, &map, key) ||
        !integer32(&map, "input_zero_point", INT8_MIN, INT8_MAX, &params->input_zero_point, key) ||
        !integer(&map, "inverse_square_scale", 1, (int64_t)1 << 31, &inverse, key)) {
        return TFCAPS_ERROR_OPTIONS;
    }
    params->inverse_square_scale = (uint32_t)inverse;
    return TFCAPS_OK;
}

tfcaps_status tfcaps_length_options(const uint8_t *options, size_t size, tfcaps_length_params *params,
                                    const char **key) {
    if (options == NULL || params == NULL) {
        return TFCAPS_ERROR_NULL;
    }
    tfcaps_flex_map map;
    if (!open_options(options, size, &map, key) ||
        !integer32(&map, "input_zero_point", INT8_MIN, INT8_MAX, &params->input_zero_point, key) ||
        !integer32(&map, "multiplier", 0, INT32_MAX, &params->multiplier, key) ||
        !integer32(&map, "shift", 1, 62, &params->shift, key) ||
        !integer32(&map, "output_zero_point", INT8_MIN, INT8_MAX, &params->output_zero_point, key)) {
        return TFCAPS_ERROR_OPTIONS;
    }
    return TFCAPS_OK;
}

/* The vector of multipliers, checked element by element. */
static int multipliers(const tfcaps_flex_map *map, tfcaps_flex_vector *vector, const char **key) {
    if (!tfcaps_flex_map_vector(map, "multiplier", vector) || vector->count > TFCAPS_MAX_OUTPUTS) {
        return report(key, "multiplier");
    }
    for (size_t n = 0; n < vector->count; ++n) {
        const int64_t value = tfcaps_flex_vector_at(vector, n);
        if (value < 0 || value > INT32_MAX) {
            return report(key, "multiplier");
        }
    }
    return 1;
}

static int usable_in_place(const tfcaps_flex_vector *vector) {
    const uint16_t one = 1;
    const int little_endian = *(const uint8_t *)&one == 1;
    return little_endian && vector->width == sizeof(int32_t) &&
           (uintptr_t)vector->data % sizeof(int32_t) == 0;
}

tfcaps_status tfcaps_capsule_dense_options_storage(const uint8_t *options, size_t size, size_t *count,
                                                   const char **key) {
    if (options == NULL || count == NULL) {
        return TFCAPS_ERROR_NULL;
    }
    tfcaps_flex_map map;
    tfcaps_flex_vector vector;
    if (!open_options(options, size, &map, key) || !multipliers(&map, &vector, key)) {
        return TFCAPS_ERROR_OPTIONS;
    }
    *count = usable_in_place(&vector) ? 0 : vector.count;
    return TFCAPS_OK;
}

tfcaps_status tfcaps_capsule_dense_options(const uint8_t *options, size_t size, int32_t *storage,
                                           size_t storage_count, tfcaps_capsule_dense_params *params,
                                           const char **key) {
    if (options == NULL || params == NULL) {
        return TFCAPS_ERROR_NULL;
    }
    tfcaps_flex_map map;
    tfcaps_flex_vector vector;
    if (!open_options(options, size, &map, key) ||
        !integer32(&map, "input_zero_point", INT8_MIN, INT8_MAX, &params->input_zero_point, key) ||
        !integer32(&map, "iterations", 1, 16, &params->iterations, key) ||
        !integer32(&map, "leaky", 0, 1, &params->leaky, key) ||
        !integer32(&map, "vote_shift", 0, 16, &params->vote_shift, key) || !multipliers(&map, &vector, key) ||
        !integer32(&map, "sum_shift", 1, 62, &params->sum_shift, key) ||
        !integer32(&map, "logit_shift", 1, 62, &params->logit_shift, key) ||
        !integer32(&map, "logit_bits", 8, 30, &params->logit_bits, key)) {
        return TFCAPS_ERROR_OPTIONS;
    }
    params->multiplier_count = (int32_t)vector.count;
    if (usable_in_place(&vector)) {
        params->multiplier = (const int32_t *)(const void *)vector.data;
        return TFCAPS_OK;
    }
    if (storage_count < vector.count || (storage == NULL && vector.count > 0)) {
        report(key, "multiplier");
        return TFCAPS_ERROR_OPTIONS;
    }
    for (size_t n = 0; n < vector.count; ++n) {
        storage[n] = (int32_t)tfcaps_flex_vector_at(&vector, n);
    }
    params->multiplier = storage;
    return TFCAPS_OK;
}
