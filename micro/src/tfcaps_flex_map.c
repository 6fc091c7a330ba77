#include <string.h>

#include "tfcaps_flex_map.h"

/* The layout: values, then a type byte for each. In front of the values: their count, the width of a key's
 * offset and an offset to the keys, each as wide as a value. Offsets point backwards, from where they are.
 * The last two bytes of the buffer are the type and the width of the root, which stands in front of them. */

enum {
    FLEX_INT = 1,
    FLEX_UINT = 2,
    FLEX_MAP = 9,
    FLEX_VECTOR_INT = 11,
    FLEX_VECTOR_UINT = 12
};

static int is_width(uint64_t width) {
    return width == 1 || width == 2 || width == 4 || width == 8;
}

/* Little-endian, any alignment. */
static uint64_t load(const uint8_t *bytes, size_t width) {
    uint64_t value = 0;
    for (size_t n = width; n > 0; --n) {
        value = value << 8 | bytes[n - 1];
    }
    return value;
}

static int64_t load_integer(const uint8_t *bytes, size_t width, int is_signed) {
    const uint64_t value = load(bytes, width);
    /* NOLINTNEXTLINE(clang-analyzer-core.BitwiseShift): a width is 1, 2, 4 or 8 */
    const uint64_t sign = (uint64_t)1 << (8 * width - 1);
    if (is_signed) {
        return (value & sign) == 0 ? (int64_t)value : -(int64_t)(sign - 1 - (value & (sign - 1))) - 1;
    }
    return value > (uint64_t)INT64_MAX ? INT64_MAX : (int64_t)value;
}

/* Reads the number of that width which ends at position end. */
static int load_before(const tfcaps_flex_map *map, size_t end, size_t width, uint64_t *value) {
    if (end < width || end > map->size) {
        return 0;
    }
    *value = load(map->data + end - width, width);
    return 1;
}

/* Follows the offset at a position. */
static int follow(const tfcaps_flex_map *map, size_t position, size_t width, size_t *target) {
    if (position > map->size || map->size - position < width) {
        return 0;
    }
    const uint64_t offset = load(map->data + position, width);
    if (offset > position) {
        return 0;
    }
    *target = position - (size_t)offset;
    return 1;
}

static int has_room(const tfcaps_flex_map *map, size_t position, uint64_t count, size_t width) {
    return position <= map->size && count <= (map->size - position) / width;
}

int tfcaps_flex_map_open(const uint8_t *data, size_t size, tfcaps_flex_map *map) {
    uint64_t count = 0, key_count = 0, key_width = 0;
    if (data == NULL || size < 3 || data[size - 2] >> 2 != FLEX_MAP || !is_width(data[size - 1]) ||
        size - 2 < data[size - 1]) {
        return 0;
    }
    map->data = data;
    map->size = size;
    map->width = (size_t)1 << (data[size - 2] & 3);
    const size_t root_width = data[size - 1];
    if (!follow(map, size - 2 - root_width, root_width, &map->items) || map->items < 3 * map->width) {
        return 0;
    }
    if (!load_before(map, map->items, map->width, &count) ||
        !load_before(map, map->items - map->width, map->width, &key_width) || !is_width(key_width) ||
        !follow(map, map->items - 3 * map->width, map->width, &map->keys) ||
        !has_room(map, map->items, count, map->width + 1) ||
        !has_room(map, map->keys, count, (size_t)key_width) ||
        !load_before(map, map->keys, (size_t)key_width, &key_count) || key_count != count) {
        return 0;
    }
    map->count = (size_t)count;
    map->key_width = (size_t)key_width;
    return 1;
}

/* The index of a key, or map->count. */
static size_t find(const tfcaps_flex_map *map, const char *key) {
    const size_t length = strlen(key) + 1; /* with its end */
    for (size_t n = 0; n < map->count; ++n) {
        size_t start = 0;
        if (!follow(map, map->keys + n * map->key_width, map->key_width, &start)) {
            return map->count;
        }
        if (map->size - start >= length && memcmp(map->data + start, key, length) == 0) {
            return n;
        }
    }
    return map->count;
}

static uint8_t packed_type(const tfcaps_flex_map *map, size_t index) {
    return map->data[map->items + map->count * map->width + index];
}

int tfcaps_flex_map_integer(const tfcaps_flex_map *map, const char *key, int64_t *value) {
    const size_t index = find(map, key);
    if (index == map->count) {
        return 0;
    }
    const int type = packed_type(map, index) >> 2;
    if (type != FLEX_INT && type != FLEX_UINT) {
        return 0;
    }
    *value = load_integer(map->data + map->items + index * map->width, map->width, type == FLEX_INT);
    return 1;
}

int tfcaps_flex_map_vector(const tfcaps_flex_map *map, const char *key, tfcaps_flex_vector *vector) {
    const size_t index = find(map, key);
    if (index == map->count) {
        return 0;
    }
    const uint8_t packed = packed_type(map, index);
    const size_t width = (size_t)1 << (packed & 3);
    size_t start = 0;
    uint64_t count = 0;
    if ((packed >> 2 != FLEX_VECTOR_INT && packed >> 2 != FLEX_VECTOR_UINT) ||
        !follow(map, map->items + index * map->width, map->width, &start) ||
        !load_before(map, start, width, &count) || !has_room(map, start, count, width)) {
        return 0;
    }
    vector->data = map->data + start;
    vector->width = width;
    vector->count = (size_t)count;
    vector->is_signed = packed >> 2 == FLEX_VECTOR_INT;
    return 1;
}

int64_t tfcaps_flex_vector_at(const tfcaps_flex_vector *vector, size_t i) {
    return load_integer(vector->data + i * vector->width, vector->width, vector->is_signed);
}
