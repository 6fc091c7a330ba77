"""A picture of measurements: one panel a target, one bar a layer."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tfcaps.micro.boards.measure import Layer, Measurement

__all__ = ["draw"]

_PANELS_IN_A_ROW = 3
_BAR, _FRAME = 0.32, 1.2  # inches


def draw(measurements: Sequence[Measurement], title: str, path: Path) -> None:
    """Write a bar chart of instructions by layer.

    Args:
        measurements: Of one model, on one target or several.
        title: What it says on top.
        path: The .png to write.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    columns = min(_PANELS_IN_A_ROW, len(measurements))
    rows = -(-len(measurements) // columns)
    height = rows * (_FRAME + _BAR * max(len(m.layers) for m in measurements)) + 0.7
    figure = Figure(figsize=(3.0 + 3.6 * columns, height), layout="constrained")
    FigureCanvasAgg(figure)
    panels = figure.subplots(rows, columns, squeeze=False, sharey=True).flat
    for panel, measurement in zip(panels, measurements, strict=False):
        millions = [layer.instructions / 1e6 for layer in measurement.layers]
        bars = panel.barh([_label(layer) for layer in measurement.layers], millions, color="#3b6ea5")
        panel.bar_label(bars, [_note(layer) for layer in measurement.layers], padding=3, fontsize=8)
        panel.set_title(f"{measurement.target}: {measurement.instructions / 1e6:,.3f} M", fontsize=10, loc="left")
        panel.set_xlim(0, 1.5 * max([*millions, 1e-6]))
        panel.spines[["top", "right"]].set_visible(False)
        panel.tick_params(labelsize=8)
    for panel in figure.axes[len(measurements) :]:
        panel.set_axis_off()
    figure.axes[0].invert_yaxis()  # the panels share it: first layer on top
    figure.suptitle(title, fontsize=11)
    figure.supxlabel("million instructions for one image (not cycles); beside the bars: instructions a MAC", fontsize=9)
    figure.savefig(path, dpi=130, format="png")


def _label(layer: Layer) -> str:
    return f"{layer.index} {layer.op}"


def _note(layer: Layer) -> str:
    count = f"{layer.instructions / 1e6:.3f}"
    return f"{count}  ({layer.instructions / layer.macs:.2f})" if layer.macs else count
