"""Input capsules filled up with zeros, for processors whose loops have only some sizes and read the file's order."""

from __future__ import annotations

from tfcaps.converters.c.layouts.base import Layout
from tfcaps.converters.c.layouts.interleaved import INTERLEAVED
from tfcaps.converters.c.layouts.padded_capsules import capsule_dense, quick_depth
from tfcaps.converters.c.ops.base import Call, Emission
from tfcaps.quantization.simulator import CapsuleDenseParams

PADDED = Layout("padded", "input capsules filled up to sizes that there are loops for", "mve")


@PADDED.register(CapsuleDenseParams.OP)
@INTERLEAVED.register(CapsuleDenseParams.OP)
def padded_capsule_dense(call: Call) -> Emission | None:
    """Capsule layers whose input capsules are not of such a size."""
    _, _, depth = call.activation().shape
    quick = quick_depth(call)
    return capsule_dense(call, quick, call.output.shape[2]) if quick != depth else None
