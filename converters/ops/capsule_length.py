"""`CapsuleLength` -> TfcapsLength."""

from __future__ import annotations

import math
from typing import Any

from tfcaps.converters.ops.base import LOWERINGS, Call, CustomOp, Quantization
from tfcaps.quantization.simulator.fixed_point import length_bits
from tfcaps.quantization.simulator.params import LengthParams


class CapsuleLengthLowering:
    """See `tfcaps.converters.ops.base.Lowering`; arithmetic in docs/numerics.md."""

    def weights(self, layer: Any) -> dict[str, Any]:
        """None."""
        return {}

    def output_range(self, call: Call) -> tuple[float, float]:
        """Lengths of squashed capsules fill [0, 1); others get the largest length seen."""
        largest = float(call.outputs.max(initial=0.0))
        return 0.0, 255 / 256 if largest <= 1.0 else largest

    def lower(self, call: Call, source: Quantization, *, from_squash: bool) -> CustomOp:
        """Output scale / 2^(f/2) folded into one multiplier."""
        low, high = self.output_range(call)
        target = Quantization((high - low) / 255, -128)
        real = source.scale / target.scale / 2 ** (length_bits(call.inputs.shape[-1]) // 2)
        shift = 30 - math.frexp(real)[1] + 1
        multiplier = min(round(real * 2.0**shift), (1 << 31) - 1)
        params = LengthParams(source.zero_point, multiplier, shift, target.zero_point)
        return CustomOp("TfcapsLength", params.to_options(), target)


LOWERINGS.register("CapsuleLength")(CapsuleLengthLowering())
