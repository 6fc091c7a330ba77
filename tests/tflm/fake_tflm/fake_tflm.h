// A test double of TensorFlow Lite Micro: what micro/tflm uses of it and no more, written for these tests.
// Structs and virtual functions lie where those of the pinned tflite-micro wheel do (wheel.cc), as far as
// they are used. FAKE_TFLM_GENERATION is 1 (C types in the global namespace, the rest in tflite) or 2 (all in
// tflite::micro).
#ifndef FAKE_TFLM_H
#define FAKE_TFLM_H

#include <cstddef>
#include <cstdint>
#include <cstring>

#if FAKE_TFLM_GENERATION == 1
#define FAKE_C_BEGIN
#define FAKE_C_END
#define FAKE_CXX_BEGIN namespace tflite {
#define FAKE_CXX_END }
#define FAKE_TFLM ::tflite
#elif FAKE_TFLM_GENERATION == 2
#define FAKE_C_BEGIN                                                                                         \
    namespace tflite {                                                                                       \
    namespace micro {
#define FAKE_C_END                                                                                           \
    }                                                                                                        \
    }
#define FAKE_CXX_BEGIN FAKE_C_BEGIN
#define FAKE_CXX_END FAKE_C_END
#define FAKE_TFLM ::tflite::micro
#else
#error "FAKE_TFLM_GENERATION must be 1 or 2"
#endif

FAKE_C_BEGIN

enum TfLiteStatus {
    kTfLiteOk = 0,
    kTfLiteError = 1
};
enum TfLiteType {
    kTfLiteFloat32 = 1,
    kTfLiteInt32 = 2,
    kTfLiteInt8 = 9
};

struct TfLiteIntArray {
    int size;
    int data[8];
};

struct TfLiteContext {
    void *impl_;
};

struct TfLiteNode {
    TfLiteIntArray *inputs;
    TfLiteIntArray *outputs;
    TfLiteIntArray *intermediates;
    void *user_data;
};

struct TfLiteQuantizationParams {
    float scale;
    int32_t zero_point;
};

struct TfLiteTensor {
    struct {
        int type;
        void *params;
    } quantization;
    TfLiteQuantizationParams params;
    union {
        char *raw;
    } data;
    size_t bytes;
};

struct TfLiteEvalTensor {
    union {
        char *raw;
    } data;
    TfLiteIntArray *dims;
    TfLiteType type;
};

struct TFLMRegistration {
    void *(*init)(TfLiteContext *context, const char *buffer, size_t length);
    void (*free)(TfLiteContext *context, void *buffer);
    TfLiteStatus (*prepare)(TfLiteContext *context, TfLiteNode *node);
    TfLiteStatus (*invoke)(TfLiteContext *context, TfLiteNode *node);
    void (*reset)(TfLiteContext *context, void *buffer);
    int32_t builtin_code;
    const char *custom_name;
};

FAKE_C_END

FAKE_CXX_BEGIN

class MicroContext {
  public:
    virtual ~MicroContext() = default;
    virtual void *AllocatePersistentBuffer(size_t bytes) = 0;
    virtual TfLiteStatus RequestScratchBufferInArena(size_t bytes, int *index) = 0;
    virtual void *GetScratchBuffer(int index) = 0;
    virtual TfLiteTensor *AllocateTempTfLiteTensor(int tensor) = 0;
    virtual void DeallocateTempTfLiteTensor(TfLiteTensor *tensor) = 0;
    virtual void Unused7() {}
    virtual void Unused8() {}
    virtual TfLiteEvalTensor *GetEvalTensor(int tensor) = 0;
#ifdef USE_TFLM_COMPRESSION
    virtual void Unused10() {}
    virtual void Unused11() {}
    virtual void Unused12() {}
    virtual bool IsTensorCompressed(const TfLiteNode *node, int index) = 0;
#endif

    TfLiteTensor *AllocateTempInputTensor(const TfLiteNode *node, int index) {
        return AllocateTempTfLiteTensor(node->inputs->data[index]);
    }

    TfLiteTensor *AllocateTempOutputTensor(const TfLiteNode *node, int index) {
        return AllocateTempTfLiteTensor(node->outputs->data[index]);
    }
};

inline MicroContext *GetMicroContext(const TfLiteContext *context) {
    return static_cast<MicroContext *>(context->impl_);
}

// Two functions of one name, as in the original: the glue has to tell them apart.
class MicroOpResolver {
  public:
    virtual const TFLMRegistration *FindOp(int builtin) const = 0;
    virtual const TFLMRegistration *FindOp(const char *name) const = 0;

  protected:
    ~MicroOpResolver() = default;
};

template <unsigned int capacity> class MicroMutableOpResolver : public MicroOpResolver {
  public:
    const TFLMRegistration *FindOp(int) const override {
        return nullptr;
    }

    const TFLMRegistration *FindOp(const char *name) const override {
        for (unsigned int n = 0; n < count_; ++n) {
            if (strcmp(registrations_[n].custom_name, name) == 0) {
                return &registrations_[n];
            }
        }
        return nullptr;
    }

    TfLiteStatus AddCustom(const char *name, const TFLMRegistration *registration) {
        if (count_ >= capacity || FindOp(name) != nullptr) {
            return kTfLiteError;
        }
        registrations_[count_] = *registration;
        registrations_[count_].builtin_code = 32; // CUSTOM
        registrations_[count_++].custom_name = name;
        return kTfLiteOk;
    }

    TfLiteStatus AddConv2D() {
        return AddBuiltin("CONV_2D");
    }

    TfLiteStatus AddReshape() {
        return AddBuiltin("RESHAPE");
    }

  private:
    TfLiteStatus AddBuiltin(const char *name) {
        const TFLMRegistration none = {};
        return AddCustom(name, &none);
    }

    TFLMRegistration registrations_[capacity] = {};
    unsigned int count_ = 0;
};

FAKE_CXX_END

namespace tflite {
namespace micro {

inline const TfLiteEvalTensor *GetEvalInput(const TfLiteContext *context, const TfLiteNode *node, int index) {
    return GetMicroContext(context)->GetEvalTensor(node->inputs->data[index]);
}

inline TfLiteEvalTensor *GetEvalOutput(const TfLiteContext *context, const TfLiteNode *node, int index) {
    return GetMicroContext(context)->GetEvalTensor(node->outputs->data[index]);
}

template <typename T> T *GetTensorData(TfLiteEvalTensor *tensor) {
    return reinterpret_cast<T *>(tensor->data.raw);
}

template <typename T> const T *GetTensorData(const TfLiteEvalTensor *tensor) {
    return reinterpret_cast<const T *>(tensor->data.raw);
}

} // namespace micro
} // namespace tflite

void MicroPrintf(const char *format, ...);

#endif
