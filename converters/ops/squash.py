"""`Squash` -> TfcapsSquash."""

from __future__ import annotations

from typing import Any

from tfcaps.converters.ops.base import LOWERINGS, POSE, Call, CustomOp, Quantization
from tfcaps.errors import ConversionError
from tfcaps.quantization.simulator.params import SquashParams


class SquashLowering:
    """See `tfcaps.converters.ops.base.Lowering`; arithmetic in docs/numerics.md."""

    def weights(self, layer: Any) -> dict[str, Any]:
        """None."""
        return {}

    def output_range(self, call: Call) -> tuple[float, float]:
        """The whole range of a pose."""
        return -1.0, 127 / 128

    def lower(self, call: Call, source: Quantization, *, from_squash: bool) -> CustomOp:
        """K = 16 / S², with four fraction bits."""
        inverse = round(16 / source.scale**2)
        if not 1 <= inverse <= 1 << 31:
            raise ConversionError(
                f"Squash {call.layer.name!r}: its input has scale {source.scale:g}, but integers can squash scales of "
                "8.7e-5 to 5.6; normalise the layer before it"
            )
        return CustomOp("TfcapsSquash", SquashParams(source.zero_point, inverse).to_options(), POSE)


LOWERINGS.register("Squash")(SquashLowering())
