"""How a program's weights lie in flash. One file a layout; `plain`, the file's own order, needs none.

    from tfcaps.converters.c.layouts import LAYOUTS

    LAYOUTS["plain"]

Importing this package registers all.
"""

from tfcaps.converters.c.layouts import interleaved, padded, paired, paired_capsules, paired_depthwise
from tfcaps.converters.c.layouts.base import LAYOUTS, Layout

__all__ = ["LAYOUTS", "Layout", "interleaved", "padded", "paired", "paired_capsules", "paired_depthwise"]
