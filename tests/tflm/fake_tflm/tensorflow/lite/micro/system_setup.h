#include "fake_interpreter.h"
