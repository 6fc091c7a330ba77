// Arduino finds a library by a header of its name.
#ifndef TFCAPS_H
#define TFCAPS_H

#include "tfcaps/kernels.h"
#include "tfcaps/nn.h"
#include "tfcaps/options.h"

#endif
