"""PA, FA and MA: which layer they choose, that each lowers its own figure, and that nothing was trained before."""

from types import SimpleNamespace

import numpy as np
import pytest
from fakes import fake_problem
from problems import make_problem, small_fit, trained, vgg

from tfcaps._keras import keras
from tfcaps.errors import ModelError, TfcapsError
from tfcaps.pruning import methods
from tfcaps.pruning.cost import CostModel
from tfcaps.pruning.graph import ChannelGraph
from tfcaps.pruning.methods.complexity import _largest

K = keras.layers
MODES = ("parameters", "macs", "memory")


def vgg16():
    """VGG-16 with batch normalisation for CIFAR-10, 13 convolutions and one dense layer."""
    x = image = keras.Input((32, 32, 3))
    for block, (filters, layers) in enumerate([(64, 2), (128, 2), (256, 3), (512, 3), (512, 3)], 1):
        for layer in range(1, layers + 1):
            x = K.Conv2D(filters, 3, padding="same", use_bias=False, name=f"conv{block}_{layer}")(x)
            x = K.ReLU(name=f"relu{block}_{layer}")(K.BatchNormalization(name=f"norm{block}_{layer}")(x))
        x = K.MaxPooling2D(name=f"pool{block}")(x)
    return keras.Model(image, K.Dense(10, name="classes")(K.Flatten()(x)), name="vgg16")


@pytest.fixture(scope="module")
def large():
    return make_problem(vgg16())


def test_the_layers_that_are_chosen_in_vgg16(large):
    dense = large.cost.dense
    first = {}
    for mode in MODES:
        shares = methods.get("complexity", mode=mode).shares(large, dense)
        assert sum(shares.values()) == pytest.approx(1.0)
        first[mode] = max(shares, key=lambda name: shares[name])
        chosen = _largest(large, shares)
        assert max(chosen, key=lambda name: chosen[name]) == first[mode]
    # By calculation: 512 x 512 convolutions, the first of six with equal MACs, the first of 64 channels at 32x32.
    assert first == {"parameters": "conv4_2", "macs": "conv1_2", "memory": "conv1_1"}
    rows = {row.name: row for row in dense.layers}
    assert rows["conv4_2"].parameters == 2_359_296
    ties = [name for name, row in rows.items() if row.macs == rows["conv1_2"].macs]
    assert ties == ["conv1_2", "conv2_2", "conv3_2", "conv3_3", "conv4_2", "conv4_3"]
    assert rows["conv1_2"].macs == 37_748_736
    assert rows["conv5_1"].macs == 9_437_184
    assert rows["conv1_1"].activation_bytes == 65_536


def divided():
    """Most memory in the first layer, MACs in the second, parameters in the third; a filter's part likewise."""
    image = keras.Input((24, 24, 3))
    x = K.AveragePooling2D(2)(K.Conv2D(128, 1, activation="relu", name="memory")(image))
    x = K.Flatten()(K.Conv2D(32, 3, padding="same", activation="relu", name="macs")(x))
    x = K.Dense(16, activation="relu", name="parameters")(x)
    return keras.Model(image, K.Dense(10, name="classes")(x), name="divided")


def built(mode, filters_gone):
    """What a mode leaves of a network when so many filters are gone, measured on the model that was built."""
    problem = make_problem(divided(), loss="mse")
    method = methods.get("complexity", mode=mode, rate=0.001, max_rate=0.9)
    whole = sum(group.size for group in problem.groups.values())
    problem.target = SimpleNamespace(
        metric="filters",
        value=lambda cost: cost.filters,
        met=lambda cost: cost.filters <= whole - filters_gone,
        ratio=lambda cost: cost.filters / whole,
    )
    problem.cost = _CountsFilters(problem.cost, {n: g.size for n, g in problem.groups.items()})
    small, keep = method.run(problem)
    assert sum(int((~items).sum()) for items in keep.values()) == filters_gone
    assert set(problem.notes["chosen"]) == {mode}
    return CostModel(ChannelGraph(small)).dense


class _CountsFilters:
    def __init__(self, cost, sizes):
        self.inner, self.sizes = cost, sizes

    def at_counts(self, counts):
        found = self.inner.at_counts(counts)
        return SimpleNamespace(filters=sum({**self.sizes, **counts}.values()), layers=found.layers)

    def __call__(self, keep):
        return self.at_counts({name: int(items.sum()) for name, items in keep.items()})


def test_each_mode_lowers_its_own_figure_most():
    found = {mode: built(mode, filters_gone=6) for mode in MODES}
    figures = {"parameters": "parameters", "macs": "macs", "memory": "activation_bytes"}
    for mode, figure in figures.items():
        values = {other: getattr(cost, figure) for other, cost in found.items()}
        assert values[mode] == min(values.values()), (figure, values)
    assert len({cost.parameters for cost in found.values()}) == 3


@pytest.mark.parametrize("rule", ["largest", "above_mean"])
@pytest.mark.parametrize("target", [{"macs": 0.5}, {"parameters": 0.5}, {"activation_bytes": 0.8}])
def test_targets_of_any_figure(rule, target):
    problem = make_problem(vgg(), target)
    keep = methods.get("complexity", mode="macs", rule=rule).select(problem)
    assert problem.target.met(problem.cost(keep))
    assert 0.9 < problem.target.ratio(problem.cost(keep)) / (problem.target.limit / problem.target.whole) <= 1.0


def test_the_most_complex_layer_goes_first_and_shares_are_computed_again():
    # Costs 64, 64, 2: "a" first, of equals the earliest; its reader "b" becomes cheaper by it.
    problem = fake_problem({"a": 8, "b": 8}, [8, 1, 0.25], 0.6)
    problem.graph.trace = None
    method = methods.get("complexity", mode="macs", rate=0.25)
    slots = [SimpleNamespace(role="out", group=name, path=name) for name in "ab"]
    import tfcaps.pruning.methods.complexity as module

    original, module.slots = module.slots, lambda graph: slots
    try:
        keep = method.select(problem)
    finally:
        module.slots = original
    assert problem.notes["chosen"][:2] == ["a", "a"] or problem.notes["chosen"][:2] == ["a", "b"]
    assert keep["a"].tolist() == [True] * int(keep["a"].sum()) + [False] * int(
        (~keep["a"]).sum()
    )  # the first ones stay


def test_nothing_is_trained_before_and_nothing_is_left_of_the_weights():
    model = trained(vgg, 3)
    problem = make_problem(model)
    before = [w.copy() for w in model.get_weights()]
    method = methods.get("complexity")
    assert method.from_scratch
    assert not method.needs_data
    problem.x_train = problem.y_train = None
    small, keep = method.run(problem)
    optimizer = getattr(model, "optimizer", None)
    assert optimizer is None or int(np.asarray(optimizer.iterations)) == 0
    for old, new in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)
    old, new = (np.asarray(m.get_layer("conv2").kernel) for m in (model, small))
    assert not np.isin(new, old).any()
    assert np.asarray(small.get_layer("norm1").moving_mean).max() == 0.0
    # Initialised for its own, smaller fan-in and fan-out.
    fans = 9 * (new.shape[2] + new.shape[3])
    assert np.abs(new).max() == pytest.approx(np.sqrt(6 / fans), rel=0.05)
    assert keep["conv2"].sum() == new.shape[3]
    small_fit(small, epochs=1)


def test_random_survivors_and_bad_options():
    problem = make_problem(vgg())
    keep = methods.get("complexity", survivors="random").select(problem)
    assert any(items[: items.sum()].sum() != items.sum() for items in keep.values())
    with pytest.raises(TfcapsError, match="mode"):
        methods.get("complexity", mode="flops")
    with pytest.raises(ModelError, match="cannot be met"):
        methods.get("complexity").select(make_problem(vgg(), {"macs": 0.001}))
