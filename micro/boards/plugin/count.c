/* A QEMU plugin that counts executed instructions exactly, between marks.
 *
 *     qemu-system-arm ... -plugin count.so,mark=0x46db,size=2,out=counts.txt
 *
 * `mark` is the encoding of the marking instruction and `size` its bytes (micro/boards/c/mark.h). Every line
 * of the file is the number of instructions executed after one mark and before the next, both left out.
 *
 * QEMU executes translated blocks from their start to their end, or up to an instruction that faults. So a
 * block's instructions are added when it begins, and a mark inside it takes off those that are still to come.
 */
#include "qemu_plugin.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int qemu_plugin_version = TFCAPS_QEMU_PLUGIN_API;

static uint64_t begun;    /* instructions of all blocks that have begun */
static uint64_t previous; /* instructions up to and with the last mark */
static int marked;
static uint32_t mark;
static size_t mark_size;
static FILE *out;

static void on_block(unsigned cpu, void *instructions) {
    (void)cpu;
    begun += (uintptr_t)instructions;
}

static void on_mark(unsigned cpu, void *to_come) {
    (void)cpu;
    const uint64_t executed = begun - (uintptr_t)to_come; /* without this mark */
    if (marked) {
        (void)fprintf(out, "%" PRIu64 "\n", executed - previous);
    }
    marked = 1;
    previous = executed + 1;
}

/* An instruction near the end of a page may come with bytes of the next one, which QEMU has looked at; so
 * only its beginning is compared. No other instruction begins like a mark. */
static int is_mark(const struct qemu_plugin_insn *instruction) {
    uint8_t bytes[4] = {0};
    if (qemu_plugin_insn_size(instruction) < mark_size) {
        return 0;
    }
#if TFCAPS_QEMU_PLUGIN_API >= 3
    (void)qemu_plugin_insn_data(instruction, bytes, mark_size);
#else
    memcpy(bytes, qemu_plugin_insn_data(instruction), mark_size);
#endif
    return mark == (bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24);
}

static void on_translation(qemu_plugin_id_t id, struct qemu_plugin_tb *block) {
    (void)id;
    const size_t count = qemu_plugin_tb_n_insns(block);
    qemu_plugin_register_vcpu_tb_exec_cb(block, on_block, QEMU_PLUGIN_CB_NO_REGS, (void *)(uintptr_t)count);
    for (size_t n = 0; n < count; ++n) {
        struct qemu_plugin_insn *instruction = qemu_plugin_tb_get_insn(block, n);
        if (is_mark(instruction)) {
            qemu_plugin_register_vcpu_insn_exec_cb(instruction, on_mark, QEMU_PLUGIN_CB_NO_REGS,
                                                   (void *)(uintptr_t)(count - n));
        }
    }
}

static void on_exit_of_qemu(qemu_plugin_id_t id, void *data) {
    (void)id;
    (void)data;
    if (fclose(out) != 0) {
        (void)fprintf(stderr, "count: the counts could not be written\n");
    }
}

int qemu_plugin_install(qemu_plugin_id_t id, const qemu_info_t *info, int argc, char **argv) {
    (void)info;
    for (int n = 0; n < argc; ++n) {
        if (strncmp(argv[n], "mark=", 5) == 0) {
            mark = (uint32_t)strtoul(argv[n] + 5, NULL, 0);
        } else if (strncmp(argv[n], "size=", 5) == 0) {
            mark_size = (size_t)strtoul(argv[n] + 5, NULL, 0);
        } else if (strncmp(argv[n], "out=", 4) == 0) {
            out = fopen(argv[n] + 4, "w");
        }
    }
    if (out == NULL || (mark_size != 2 && mark_size != 4)) {
        (void)fprintf(stderr, "count: expected mark=, size=2 or 4 and out= of a file that can be written\n");
        return 1;
    }
    qemu_plugin_register_vcpu_tb_trans_cb(id, on_translation);
    qemu_plugin_register_atexit_cb(id, on_exit_of_qemu, NULL);
    return 0;
}
