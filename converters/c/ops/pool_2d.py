"""MAX_POOL_2D and AVERAGE_POOL_2D."""

from __future__ import annotations

from tfcaps.converters.c.ops.base import EMITTERS, Call, Emission, Struct, image_struct, row_schedule
from tfcaps.converters.c.ops.conv_2d import same_padding


@EMITTERS.register("MAX_POOL_2D")
@EMITTERS.register("AVERAGE_POOL_2D")
def pool_2d(call: Call) -> Emission:
    """Windows without their padding."""
    call.check(1)
    source, output, options = call.activation(), call.output, call.op.options
    call.same_quantization(source)
    size = (options.FilterHeight(), options.FilterWidth())
    top, left = same_padding(options, source.shape, output.shape, size)
    params = Struct(
        "tfcaps_pool_2d_params",
        "params",
        {
            "filter_height": size[0],
            "filter_width": size[1],
            "stride_height": options.StrideH(),
            "stride_width": options.StrideW(),
            "padding_top": top,
            "padding_left": left,
            **call.limits(options.FusedActivationFunction()),
        },
    )
    kind = "max" if call.op.name == "MAX_POOL_2D" else "average"
    return Emission(
        f"tfcaps_{kind}_pool_2d_s8(&params, &input_dims, $in0, &output_dims, $out0)",
        [params, image_struct("input_dims", source.shape), image_struct("output_dims", output.shape)],
        overlaps=row_schedule(source.shape, output.shape, options.StrideH(), top),
    )
