"""Routing algorithms: from the votes of input capsules to output capsules.

    routing = tfcaps.routing.Dynamic(iterations=3)
    v, couplings = routing(votes, return_couplings=True)     # votes [B, J, I, D] -> v [B, J, D], couplings [B, J, I]

A layer takes a name or an object: ``CapsuleDense(10, 16, routing="dynamic")`` equals ``routing=Dynamic()``.
"""

from tfcaps.routing.base import NO_TAPS, ROUTINGS, Routing, Taps, get, serialize
from tfcaps.routing.dynamic import Dynamic
from tfcaps.routing.squash import length, squash

__all__ = ["NO_TAPS", "ROUTINGS", "Dynamic", "Routing", "Taps", "get", "length", "serialize", "squash"]
