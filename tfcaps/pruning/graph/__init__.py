"""The channel graph: which channels of a Keras model have to be cut together, and where their weights are.

- `labels`: every channel has a label; tensors carry arrays of them; sets of labels are cut together.
- `rule`, `rules/`: how labels travel through each kind of layer or operation.
- `trace`: labels travel through the model until nothing more has to be merged.
- `channel_graph`, `group`: what came out, for those who choose what goes.
- `rebuild`: the model again without what goes.
- `walk`: the two Keras flavours' functional models as one thing.
"""

from tfcaps.pruning.graph import rules  # noqa: F401  (registers them)
from tfcaps.pruning.graph.channel_graph import ChannelGraph, Keep
from tfcaps.pruning.graph.group import Group, Member

__all__ = ["ChannelGraph", "Group", "Keep", "Member"]
