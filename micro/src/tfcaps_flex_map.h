/* A bounded reader of one flexbuffer map, from keys to integers or typed vectors of integers. Private. */
#ifndef TFCAPS_FLEX_MAP_H
#define TFCAPS_FLEX_MAP_H

#include <stddef.h>
#include <stdint.h>

typedef struct tfcaps_flex_map {
    const uint8_t *data;
    size_t size;
    size_t items;     /* position of the first value */
    size_t width;     /* bytes a value */
    size_t count;     /* values */
    size_t keys;      /* position of the first key's offset */
    size_t key_width; /* bytes an offset to a key */
} tfcaps_flex_map;

typedef struct tfcaps_flex_vector {
    const uint8_t *data;
    size_t width; /* bytes an element: 1, 2, 4 or 8 */
    size_t count;
    int is_signed;
} tfcaps_flex_vector;

/* All three return 1, or 0 for bytes that do not hold what is asked for. */
int tfcaps_flex_map_open(const uint8_t *data, size_t size, tfcaps_flex_map *map);
int tfcaps_flex_map_integer(const tfcaps_flex_map *map, const char *key, int64_t *value);
int tfcaps_flex_map_vector(const tfcaps_flex_map *map, const char *key, tfcaps_flex_vector *vector);

/* Element i of a vector; values beyond an int64 become its largest. */
int64_t tfcaps_flex_vector_at(const tfcaps_flex_vector *vector, size_t i);

#endif
