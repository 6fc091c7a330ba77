"""SMCP: the knapsack against brute force, budgets that hold, channels that come back, and gamma's gradient."""

import itertools

import numpy as np
import pytest
import tensorflow as tf
from problems import capsules, make_problem, residual, trained, vgg

from tfcaps._keras import keras
from tfcaps.errors import ModelError, TfcapsError
from tfcaps.pruning import methods
from tfcaps.pruning.masks import Masks
from tfcaps.pruning.methods import knapsack
from tfcaps.pruning.methods.channel_budget import ChannelBudget, norms_behind
from tfcaps.pruning.methods.smcp import _Pruner
from tfcaps.pruning.methods.training import train
from tfcaps.pruning.shrink import shrink

X = np.random.default_rng(0).random((8, 8, 8, 1), dtype=np.float32)


def brute_force(values, costs, budget):
    best = None
    for choice in itertools.product(*(range(len(v)) for v in values)):
        if sum(c[k] for c, k in zip(costs, choice, strict=True)) <= budget + 1e-9:
            value = sum(v[k] for v, k in zip(values, choice, strict=True))
            best = value if best is None else max(best, value)
    return best


@pytest.mark.parametrize("kind", ["floats", "integers", "rising"])
def test_the_knapsack_equals_brute_force(kind):
    rng = np.random.default_rng({"floats": 0, "integers": 1, "rising": 2}[kind])
    feasible = 0
    for _ in range(200):
        sizes = rng.integers(1, 7, size=rng.integers(1, 6))
        values = [rng.random(n) for n in sizes]
        costs = [rng.random(n) for n in sizes]
        if kind == "integers":
            values, costs = ([rng.integers(0, 5, n).astype(float) for n in sizes] for _ in range(2))
        if kind == "rising":
            values, costs = ([np.cumsum(part) for part in parts] for parts in (values, costs))
        budget = rng.random() * sum(c.max() for c in costs)
        expected = brute_force(values, costs, budget)
        choice = knapsack.solve(values, costs, budget)
        if expected is None:
            assert choice is None
            continue
        feasible += 1
        assert sum(c[k] for c, k in zip(costs, choice, strict=True)) <= budget + 1e-9
        assert sum(v[k] for v, k in zip(values, choice, strict=True)) == pytest.approx(expected, abs=1e-12)
    assert feasible > 100


def test_a_thinned_front_stays_within_the_budget_and_near_the_best():
    rng = np.random.default_rng(0)
    values = [np.cumsum(np.sort(rng.random(40))[::-1]) for _ in range(6)]
    costs = [np.cumsum(rng.random(40)) for _ in range(6)]
    totals = []
    for limit in (100, 2000):
        choice = knapsack.solve(values, costs, 60.0, limit)
        assert sum(c[k] for c, k in zip(costs, choice, strict=True)) <= 60.0 + 1e-6
        totals.append(sum(v[k] for v, k in zip(values, choice, strict=True)))
    assert totals[0] > 0.98 * totals[1]


def test_knapsacks_that_make_no_sense():
    assert knapsack.solve([], [], 1.0) == []
    assert knapsack.solve([np.ones(2)], [np.array([2.0, 3.0])], 1.0) is None
    with pytest.raises(TfcapsError, match="as many values as costs"):
        knapsack.solve([np.ones(2)], [np.ones(3)], 1.0)


def run(build=vgg, mode="soft", target=None, **options):
    problem = make_problem(trained(build, 3), target or {"macs": 0.5}, batch_size=32)
    methods.get("smcp", mode=mode, **({"epochs": 4, "solves": 12} | options)).prepare(problem)
    return problem


@pytest.fixture(scope="module")
def soft():
    return run()


def test_the_budget_holds_after_every_solve_and_on_the_slimmed_model(soft):
    solves = soft.notes["solves"]
    assert len(solves) >= 12
    limits = [solve["limit"] for solve in solves]
    assert limits == sorted(limits, reverse=True)
    assert limits[0] == pytest.approx(soft.target.whole)
    assert limits[-1] == pytest.approx(soft.target.limit)
    for solve in solves:
        assert solve["cost"] <= solve["limit"]
        assert soft.target.value(soft.cost.at_counts(solve["counts"])) == solve["cost"]
    keep = soft.notes["keep"]
    small = shrink(soft.model, keep, soft.graph)
    from tfcaps.pruning.cost import CostModel
    from tfcaps.pruning.graph import ChannelGraph

    assert CostModel(ChannelGraph(small)).dense.macs == solves[-1]["cost"]
    counts = solves[-1]["counts"]
    for name, group in soft.groups.items():  # nothing is left of the budget that a channel could have
        if counts[name] < group.size:
            assert not soft.target.met(soft.cost.at_counts({**counts, name: counts[name] + 1}))


def test_the_masked_model_is_the_slimmed_one():
    problem = make_problem(trained(residual, 3), {"macs": 0.6})
    method = methods.get("smcp", epochs=1, solves=3)
    steps = len(problem.batches(problem.x_train))
    pruner = _Pruner(method, problem, steps)
    from tfcaps.pruning.methods.smcp import _Solve

    train(problem, pruner, what="test", epochs=1, callbacks=[_Solve(pruner)])
    with pruner.masks.applied():
        masked = np.asarray(problem.model(X))
    pruner.finish()  # the scales of gamma become part of it, the masks a smaller model
    small = shrink(problem.model, pruner.keep, problem.graph)
    np.testing.assert_allclose(np.asarray(small(X)), masked, atol=1e-5)
    assert np.abs(masked - np.asarray(problem.model(X))).max() > 1e-3


def test_soft_masks_let_channels_come_back_and_permanent_ones_do_not(soft):
    assert sum(soft.notes["regrown"].values()) > 0
    assert sum(run(mode="permanent", solves=12).notes["regrown"].values()) == 0


@pytest.mark.parametrize("mode", ["soft", "hard", "permanent"])
def test_what_becomes_of_masked_weights(mode):
    problem = make_problem(trained(vgg, 3))
    masks = Masks(problem.graph, mode)
    keep = problem.everything()
    keep["conv2"][[1, 4]] = False
    kernel = problem.model.get_layer("conv3").kernel
    before = np.asarray(kernel).copy()
    masks.set(keep)
    train(problem, masks, what="test", epochs=1)
    after = np.asarray(kernel)
    alive = keep["conv2"]
    assert np.abs(after[:, :, alive] - before[:, :, alive]).max() > 1e-4
    masked = after[:, :, ~alive]
    if mode == "soft":
        assert np.abs(masked - before[:, :, ~alive]).max() > 1e-4
    else:
        np.testing.assert_array_equal(masked, 0.0 if mode == "permanent" else before[:, :, ~alive])


def test_masks_leave_no_trace():
    problem = make_problem(trained(capsules, 3))
    before = [w.copy() for w in problem.model.get_weights()]
    full = np.asarray(problem.model(X))
    masks = Masks(problem.graph, sides="all")
    keep = problem.everything()
    keep["conv1"][:5] = keep["primary"][2:4] = keep["class_caps"][0] = False
    masks.set(keep)
    with masks.applied():
        masked = np.asarray(problem.model(X))
    small = shrink(problem.model, keep, problem.graph)
    np.testing.assert_allclose(masked, np.asarray(small(X)), atol=1e-5)
    np.testing.assert_array_equal(np.asarray(problem.model(X)), full)
    for old, new in zip(before, problem.model.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


def test_masked_weights_decay():
    problem = make_problem(trained(vgg, 3))
    masks = Masks(problem.graph, "soft", decay=0.5)
    keep = problem.everything()
    keep["conv1"][0] = False
    masks.set(keep)
    kernel = problem.model.get_layer("conv2").kernel
    (found,) = masks.gradients([kernel], [tf.zeros(kernel.shape)])
    expected = np.zeros(kernel.shape, np.float32)
    expected[:, :, 0] = 0.5 * np.asarray(kernel)[:, :, 0]
    np.testing.assert_allclose(np.asarray(found), expected)


def test_other_costs_other_channels():
    found = []
    for target in ({"macs": 0.5}, {"parameters": 0.5}, {"instructions": 0.5, "board": "cortex-m4"}):
        problem = make_problem(trained(vgg, 3), target)
        budget = ChannelBudget(problem)
        weights = {key: np.abs(np.asarray(v)) for key, v in budget.variables.items()}
        importance = budget.importance(weights, problem.everything())
        keep = budget.solve(importance, problem.target.limit, problem.everything())
        assert problem.target.met(problem.cost(keep))
        found.append(tuple(int(items.sum()) for items in keep.values()))
    assert len(set(found)) == 3


def test_importance_counts_what_leads_to_kept_channels():
    problem = make_problem(trained(vgg, 3))
    budget = ChannelBudget(problem)
    weights = {key: np.abs(np.asarray(v)) for key, v in budget.variables.items()}
    keep = problem.everything()
    keep["conv3"][4:] = False
    found = budget.importance(weights, keep)
    kernel = np.abs(np.asarray(problem.model.get_layer("conv3").kernel))
    np.testing.assert_allclose(found["conv2"], kernel[..., :4].sum(axis=(0, 1, 3)), rtol=1e-5)
    np.testing.assert_allclose(
        found["hidden"], np.abs(np.asarray(problem.model.get_layer("classes").kernel)).sum(1), rtol=1e-5
    )
    flat = np.abs(np.asarray(problem.model.get_layer("hidden").kernel)).reshape(4, 16, 24)
    np.testing.assert_allclose(found["conv4"], flat.sum(axis=(0, 2)), rtol=1e-5)


def test_costs_of_a_group_are_those_of_the_layers_that_read_it():
    problem = make_problem(trained(vgg, 3))
    budget = ChannelBudget(problem)
    options = {name: np.array([1, 2, group.size]) for name, group in problem.groups.items()}
    sizes = {name: group.size for name, group in problem.groups.items()} | {"conv3": 10}
    tables = budget.tables(options, sizes)
    # conv3 reads conv2 at 4x4 positions with its 10 kept filters; conv1's cost belongs to the group that it makes.
    np.testing.assert_allclose(tables["conv2"], np.array([1, 2, 12]) * 16 * 9 * 10)
    np.testing.assert_allclose(tables["conv1"], np.array([1, 2, 8]) * (64 * 9 + 16 * 9 * 12))
    np.testing.assert_allclose(tables["hidden"], np.array([1, 2, 24]) * 10)


def test_gamma_learns_as_if_it_were_not_scaled():
    problem = make_problem(trained(vgg, 3))
    masks = Masks(problem.graph)
    keep = problem.everything()
    keep["conv1"][:4] = False
    masks.set(keep)
    gamma = problem.model.get_layer("norm2").gamma
    assert norms_behind(problem.model)[id(problem.model.get_layer("conv2"))].gamma is gamma
    masks.scale(gamma, 0.25)
    dense = np.asarray(gamma).copy()
    x, y = problem.x_train[:32], problem.y_train[:32]
    optimizer = keras.optimizers.SGD(0.5)
    # The same step by hand: the gradient with respect to the scaled gamma, subtracted from the dense one.
    with masks.applied():
        np.testing.assert_allclose(np.asarray(gamma), 0.25 * dense, rtol=1e-6)
        with tf.GradientTape() as tape:
            outputs = problem.model(x, training=True)
            loss = tf.reduce_mean(keras.losses.sparse_categorical_crossentropy(y, outputs))
        expected = tape.gradient(loss, gamma if isinstance(gamma, tf.Variable) else gamma.value)
    assert np.abs(np.asarray(expected)).max() > 1e-5
    problem.x_train, problem.y_train, problem.batch_size = x, y, 32
    train(problem, masks, what="test", epochs=1, optimizer=optimizer)
    np.testing.assert_allclose(np.asarray(gamma), dense - 0.5 * np.asarray(expected), rtol=1e-3, atol=1e-6)
    masks.fold()
    np.testing.assert_allclose(np.asarray(gamma), 0.25 * (dense - 0.5 * np.asarray(expected)), rtol=1e-3, atol=1e-6)


@pytest.mark.parametrize(
    "options",
    [
        {"importance": "taylor", "accumulate": "average"},
        {"importance": "taylor", "accumulate": "latest"},
        {"chunk": 4, "ramp": "exp2", "rescale": "channels"},
        {"mode": "hard", "ramp": "linear", "rescale": "none", "double_sided": 0.5},
    ],
)
def test_its_options(options):
    problem = run(epochs=1, solves=3, target={"macs": 0.6}, **options)
    assert problem.target.met(problem.cost(problem.notes["keep"]))
    if "chunk" in options:
        sizes = {g.name: g.size for g in problem.groups.values()}
        assert all(n % 4 == 0 or n == sizes[name] for name, n in problem.notes["solves"][-1]["counts"].items())


def test_ramps():
    for ramp in ("exp", "exp2", "linear"):
        gone = [methods.get("smcp", ramp=ramp).gone(0.6, t) for t in (0.0, 0.5, 1.0)]
        assert gone[0] == pytest.approx(0.0)
        assert gone[2] == pytest.approx(0.6)
        assert 0.0 < gone[1] < 0.6
    assert methods.get("smcp").gone(0.5, 0.5) == pytest.approx(
        0.5 * (1 - np.exp(-0.05 * 27.5)) / (1 - np.exp(-0.05 * 55))
    )


def test_a_target_that_cannot_be_met():
    problem = make_problem(trained(vgg, 3), {"macs": 0.01})
    with pytest.raises(ModelError, match="cannot be met"):
        methods.get("smcp").run(problem)
