#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    MOST_TENSORS = 32,
    ALIGNMENT = 8,
    SENSIBLE = 240 /* bytes below this draw sensible integers, the others those of odd_integer() */
};

/* One call. */
typedef struct attempt {
    const uint8_t *data;
    size_t left;
    uint8_t fill;  /* of memory that a kernel must not read before it has written it */
    int to_null;   /* the pointer that will be NULL, counted from 0; negative for none */
    int pointers;  /* how many there were */
    int too_large; /* a tensor could not be made */
    int must_refuse;
    int8_t *outputs[MOST_TENSORS];
    size_t output_sizes[MOST_TENSORS];
    int output_count;
    void *memory[MOST_TENSORS];
    int memory_count;
} attempt;

static attempt now;

uint8_t fuzz_byte(void) {
    if (now.left == 0) {
        return 0;
    }
    --now.left;
    return *now.data++;
}

static uint32_t fuzz_word(void) {
    uint32_t word = 0;
    for (int n = 0; n < 4; ++n) {
        word = word << 8 | fuzz_byte();
    }
    return word;
}

static int32_t odd_integer(int32_t low, int32_t high, uint8_t which) {
    static const int32_t odd[] = {INT32_MIN, -65536, -129, -32, -1,    0,     1,
                                  31,        63,     128,  256, 65535, 65536, INT32_MAX};
    const size_t count = sizeof odd / sizeof *odd;
    if (which < count) {
        return odd[which];
    }
    if (which == count) {
        return low > INT32_MIN ? low - 1 : INT32_MAX;
    }
    return high < INT32_MAX ? high + 1 : INT32_MIN;
}

int32_t fuzz_int(int32_t low, int32_t high) {
    const uint8_t first = fuzz_byte();
    if (first >= SENSIBLE) {
        return odd_integer(low, high, first - SENSIBLE);
    }
    const uint64_t range = (uint64_t)((int64_t)high - low) + 1;
    const uint64_t drawn = range <= SENSIBLE ? first : fuzz_word();
    return (int32_t)(low + (int64_t)(drawn % range));
}

int32_t fuzz_param(int32_t low, int32_t high) {
    const int32_t drawn = fuzz_int(low, high);
    fuzz_expect_refusal(drawn < low || drawn > high);
    return drawn;
}

size_t fuzz_size(const int32_t *sizes, int32_t count, int32_t largest, uint64_t limit) {
    uint64_t size = 1;
    int fits = 1;
    for (int32_t n = 0; n < count; ++n) {
        fits = fits && sizes[n] >= 1 && sizes[n] <= largest && (uint64_t)sizes[n] <= limit / size;
        size *= fits ? (uint64_t)sizes[n] : 1;
    }
    fuzz_expect_refusal(!fits);
    return fits ? (size_t)size : 0;
}

/* Exactly *size bytes; none of 0 may be touched either. What is too large becomes 0 bytes: a call that must
 * be refused anyway does not look at them. */
static void *allocate(size_t *size) {
    if (*size > FUZZ_LARGEST) {
        now.too_large |= !now.must_refuse;
        *size = 0;
    }
    uint8_t *memory = malloc(*size > 0 ? *size : ALIGNMENT);
    if (memory == NULL || now.memory_count == MOST_TENSORS) {
        abort();
    }
    now.memory[now.memory_count++] = memory;
    return memory + (*size > 0 ? 0 : ALIGNMENT);
}

/* Numbers that a seed stands for, the same in both calls. */
static uint32_t next_number(uint32_t *state) {
    *state = *state * 1664525u + 1013904223u;
    return *state >> 8;
}

int8_t *fuzz_input(size_t size) {
    static const int8_t extremes[] = {INT8_MIN, INT8_MAX, 0, -1};
    int8_t *found = allocate(&size);
    uint32_t state = fuzz_byte();
    for (size_t n = 0; n < size; ++n) {
        const uint32_t number = next_number(&state);
        found[n] = number & 1 ? extremes[number >> 1 & 3] : (int8_t)((int32_t)(number >> 8 & 255) - 128);
    }
    return found;
}

int8_t *fuzz_output(size_t size) {
    int8_t *found = allocate(&size);
    memset(found, now.fill, size);
    now.outputs[now.output_count] = found;
    now.output_sizes[now.output_count++] = size;
    return found;
}

tfcaps_context fuzz_context(size_t need, size_t more, size_t alignment) {
    const size_t less = fuzz_byte() < SENSIBLE ? 0 : 1 + fuzz_byte() % 16u;
    const size_t astray = fuzz_byte() < SENSIBLE ? 0 : 1 + fuzz_byte() % 7u;
    tfcaps_context context = {NULL, less == 0 ? need + more : need > less ? need - less : 0};
    if (need == 0) {
        return context;
    }
    size_t size = context.size + astray;
    uint8_t *memory = allocate(&size);
    memset(memory, now.fill, size);
    context.buf = memory + astray;
    fuzz_expect_refusal(less > 0 || astray % alignment != 0);
    return context;
}

int32_t *fuzz_words(size_t count, int32_t low, int32_t high) {
    size_t size = count > FUZZ_LARGEST ? count : count * sizeof(int32_t);
    now.too_large |= size > FUZZ_LARGEST; /* checks do look at these */
    int32_t *found = allocate(&size);
    const uint64_t range = (uint64_t)((int64_t)high - low) + 1;
    uint32_t state = fuzz_byte();
    const size_t other = fuzz_byte();
    for (size_t n = 0; n < size / sizeof *found; ++n) {
        const uint32_t kind = next_number(&state) & 7;
        const uint64_t number = (uint64_t)next_number(&state) << 24 | next_number(&state);
        found[n] = kind == 0 ? low : kind == 1 ? high : (int32_t)(low + (int64_t)(number % range));
        if (n == other) {
            found[n] = fuzz_param(low, high);
        }
    }
    return found;
}

const int32_t *fuzz_bias(size_t count) {
    return fuzz_byte() & 1 ? fuzz_words(count, INT32_MIN, INT32_MAX) : NULL;
}

void *fuzz_pointer(const void *pointer) {
    if (now.pointers++ == now.to_null) {
        fuzz_expect_refusal(1);
        return NULL;
    }
    return (void *)(uintptr_t)pointer;
}

void fuzz_expect_refusal(int so) {
    now.must_refuse |= so;
}

int fuzz_ready(void) {
    return !now.too_large;
}

static void fail(const char *what) {
    (void)fprintf(stderr, "fuzz: %s\n", what);
    abort();
}

/* Whether all outputs still hold what they were filled with. */
static int untouched(void) {
    for (int n = 0; n < now.output_count; ++n) {
        for (size_t k = 0; k < now.output_sizes[n]; ++k) {
            if ((uint8_t)now.outputs[n][k] != now.fill) {
                return 0;
            }
        }
    }
    return 1;
}

/* A number that stands for the bytes of all outputs. */
static uint64_t digest(void) {
    uint64_t sum = 14695981039346656037u;
    for (int n = 0; n < now.output_count; ++n) {
        for (size_t k = 0; k < now.output_sizes[n]; ++k) {
            sum = (sum ^ (uint8_t)now.outputs[n][k]) * 1099511628211u;
        }
    }
    return sum;
}

static tfcaps_status attempt_once(const fuzz_call *calls, size_t count, const uint8_t *data, size_t size,
                                  uint8_t fill, uint64_t *outputs) {
    memset(&now, 0, sizeof now);
    now.data = data;
    now.left = size;
    now.fill = fill;
    const size_t which = fuzz_byte() % count;
    now.to_null = fuzz_byte() - SENSIBLE;
    const tfcaps_status status = calls[which]();
    if (fuzz_ready() && status == TFCAPS_OK && now.must_refuse) {
        fail("accepted what a header rules out");
    }
    if (fuzz_ready() && status != TFCAPS_OK && !untouched()) {
        fail("refused, and wrote");
    }
    *outputs = status == TFCAPS_OK ? digest() : 0;
    while (now.memory_count > 0) {
        free(now.memory[--now.memory_count]);
    }
    return status;
}

void fuzz_run(const fuzz_call *calls, size_t count, const uint8_t *data, size_t size) {
    uint64_t first = 0;
    uint64_t second = 0;
    if (attempt_once(calls, count, data, size, 0x5A, &first) !=
            attempt_once(calls, count, data, size, 0xA5, &second) ||
        first != second) {
        fail("the result depends on what was in memory before");
    }
}

size_t fuzz_image_size(const tfcaps_image_dims *dims) {
    const int32_t sizes[] = {dims->batches, dims->height, dims->width, dims->channels};
    return fuzz_size(sizes, 4, TFCAPS_MAX_EXTENT, INT32_MAX);
}

int32_t fuzz_about(int32_t value) {
    return fuzz_int(value, value);
}

tfcaps_image_dims fuzz_image(int32_t batches, int32_t channels) {
    const tfcaps_image_dims dims = {fuzz_about(batches), fuzz_int(1, 6), fuzz_int(1, 6),
                                    fuzz_about(channels)};
    return dims;
}

int32_t fuzz_extent(int32_t most) {
    const int32_t drawn = fuzz_int(1, most);
    fuzz_expect_refusal(drawn < 1 || drawn > TFCAPS_MAX_EXTENT);
    return drawn;
}

int32_t fuzz_padding(int32_t taps, int32_t dilation) {
    const int32_t drawn = fuzz_int(0, 2);
    fuzz_expect_refusal(drawn < 0 || drawn > (taps - (int64_t)1) * dilation);
    return drawn;
}

int32_t fuzz_zero_point(void) {
    return fuzz_param(INT8_MIN, INT8_MAX);
}

int32_t fuzz_activation_max(int32_t least) {
    return fuzz_param(least >= INT8_MIN && least <= INT8_MAX ? least : INT8_MIN, INT8_MAX);
}
