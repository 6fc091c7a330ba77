"""What a model costs at given widths: parameters, multiply-accumulates, memory, instructions; no model is built.

cost = CostModel(ChannelGraph(model))
cost.dense.macs                                      # of the model as it is
cost({"conv1": keep}).arena_bytes                    # if only these of its filters stay
cost.at_counts({"conv1": 8}).instructions("cortex-m4")
"""

from tfcaps.pruning.cost.cost import METRICS, Cost, LayerCost
from tfcaps.pruning.cost.instructions import boards
from tfcaps.pruning.cost.model import CostModel

__all__ = ["METRICS", "Cost", "CostModel", "LayerCost", "boards"]
