"""One file a family of layers: how labels travel through them."""

from tfcaps.pruning.graph.rules import (  # noqa: F401  (each registers its rules)
    attention,
    capsules,
    conv,
    dense,
    depthwise,
    elementwise,
    embedding,
    merge,
    norms,
    operation_shapes,
    operations,
    pooling,
    recurrent,
    shape,
)
