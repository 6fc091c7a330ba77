#include "fake_tflm.h"
