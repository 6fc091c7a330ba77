#define _GNU_SOURCE
#include <dlfcn.h>
#include <string.h>

#include "host_error.h"
#include "tflm_abi.h"

enum {
    FUNCTIONS = 5,
    GENERATIONS = 2,
    FEWEST_OPS = 20 /* any resolver of a wheel has registered more than that */
};

/* GetEvalInput, GetEvalOutput, AllocatePersistentBuffer, RequestScratchBufferInArena, GetScratchBuffer. */
static const char *const symbols[GENERATIONS][FUNCTIONS] = {
    {"_ZN6tflite5micro12GetEvalInputEPK13TfLiteContextPK10TfLiteNodei",
     "_ZN6tflite5micro13GetEvalOutputEPK13TfLiteContextPK10TfLiteNodei",
     "_ZN6tflite36MicroContextAllocatePersistentBufferEP13TfLiteContextm",
     "_ZN6tflite39MicroContextRequestScratchBufferInArenaEP13TfLiteContextmPi",
     "_ZN6tflite28MicroContextGetScratchBufferEP13TfLiteContexti"},
    {"_ZN6tflite5micro12GetEvalInputEPKNS0_13TfLiteContextEPKNS0_10TfLiteNodeEi",
     "_ZN6tflite5micro13GetEvalOutputEPKNS0_13TfLiteContextEPKNS0_10TfLiteNodeEi",
     "_ZN6tflite5micro36MicroContextAllocatePersistentBufferEPNS0_13TfLiteContextEm",
     "_ZN6tflite5micro39MicroContextRequestScratchBufferInArenaEPNS0_13TfLiteContextEmPi",
     "_ZN6tflite5micro28MicroContextGetScratchBufferEPNS0_13TfLiteContextEi"},
};

/* Pointers to data and to functions have one size wherever there is a dynamic linker; ISO C has no cast for
 * it. */
#define ASSIGN(function, address) memcpy(&(function), &(address), sizeof(function))

typedef const tflm_registration *(*find_builtin)(const void *resolver, int code);
typedef const tflm_registration *(*find_custom)(const void *resolver, const char *name);

static int fail_unknown(const char *what) {
    return host_fail("TFLite Micro: %s: tfcaps does not know this version of the tflite-micro package", what);
}

static int is_inside(const void *address, const char *file) {
    Dl_info info;
    return address != NULL && dladdr(address, &info) && info.dli_fname && strcmp(info.dli_fname, file) == 0;
}

static int load_functions(void *library, tflm_runtime *runtime) {
    for (int generation = 0; generation < GENERATIONS; ++generation) {
        void *found[FUNCTIONS];
        int n = 0;
        while (n < FUNCTIONS && (found[n] = dlsym(library, symbols[generation][n])) != NULL) {
            ++n;
        }
        if (n == FUNCTIONS) {
            ASSIGN(runtime->eval_input, found[0]);
            ASSIGN(runtime->eval_output, found[1]);
            ASSIGN(runtime->allocate_persistent, found[2]);
            ASSIGN(runtime->request_scratch, found[3]);
            ASSIGN(runtime->scratch, found[4]);
            return 1;
        }
    }
    return fail_unknown("its kernel functions are not found");
}

/* Whether each registration we see is the one that the resolver itself finds under that name. */
static int check_registrations(const tflm_resolver *resolver, const char *file) {
    find_builtin builtin;
    ASSIGN(builtin, resolver->vtable[0]);
    unsigned builtins = 0;
    for (unsigned n = 0; n < resolver->count; ++n) {
        const tflm_registration *entry = &resolver->registrations[n];
        if (entry->builtin_code == TFLM_BUILTIN_CUSTOM) {
            if (entry->custom_name == NULL || tflm_resolver_find(resolver, entry->custom_name) != entry) {
                return fail_unknown("a custom operator is not where it should be");
            }
            continue;
        }
        const void *invoke;
        ASSIGN(invoke, entry->invoke);
        if (!is_inside(invoke, file) || builtin(resolver, entry->builtin_code) != entry ||
            resolver->builtin_codes[builtins++] != entry->builtin_code) {
            return fail_unknown("a builtin operator is not where it should be");
        }
    }
    if (builtins != resolver->builtin_count || tflm_resolver_find(resolver, "TfcapsNoSuchOperator") != NULL) {
        return fail_unknown("the list of operators is of another form");
    }
    return 1;
}

const tflm_registration *tflm_resolver_find(const tflm_resolver *resolver, const char *custom_code) {
    find_custom custom;
    ASSIGN(custom, resolver->vtable[1]);
    return custom(resolver, custom_code);
}

int tflm_runtime_open(const tflm_resolver *resolver, tflm_runtime *runtime) {
    Dl_info info;
    if (!dladdr((const void *)resolver->vtable, &info) || info.dli_fname == NULL) {
        return fail_unknown("the resolver has no table of functions");
    }
    void *library = dlopen(info.dli_fname, RTLD_LAZY | RTLD_NOLOAD);
    if (library == NULL || !load_functions(library, runtime)) {
        return fail_unknown("its shared library cannot be opened");
    }
    if (!is_inside(resolver->vtable[0], info.dli_fname) || !is_inside(resolver->vtable[1], info.dli_fname) ||
        resolver->count < FEWEST_OPS || resolver->count > TFLM_RESOLVER_SIZE ||
        resolver->builtin_count > resolver->count) {
        return fail_unknown("the resolver is of another form");
    }
    return check_registrations(resolver, info.dli_fname);
}
