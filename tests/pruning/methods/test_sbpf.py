"""SBPF: measuring leaves no trace, planted layers get the rates they deserve, and the rates add up."""

import numpy as np
import pytest
from problems import accuracy, make_problem, small_fit, trained, vgg

from tfcaps._keras import keras
from tfcaps.errors import ModelError, TfcapsError
from tfcaps.pruning import allocate, methods
from tfcaps.pruning.methods.sbpf import rates, tolerance
from tfcaps.pruning.shrink import shrink

K = keras.layers


def two_blocks():
    """Two residual blocks: what lies on a stream is needed, what lies in a block less so."""
    image = keras.Input((8, 8, 1), name="image")
    x = K.Conv2D(8, 3, 1, "same", activation="relu", name="stem")(image)
    y = K.Conv2D(8, 3, 1, "same", activation="relu", name="inner1")(x)
    x = K.ReLU()(K.Add()([x, K.Conv2D(8, 3, 1, "same", name="outer1")(y)]))
    x = K.Conv2D(16, 3, 2, "same", activation="relu", name="down")(x)
    y = K.Conv2D(8, 3, 1, "same", activation="relu", name="inner2")(x)
    x = K.Flatten()(K.Add()([x, K.Conv2D(16, 3, 1, "same", name="outer2")(y)]))
    x = K.Dense(64, activation="relu", name="hidden")(x)
    return keras.Model(image, K.Dense(10, activation="softmax", name="classes")(x), name="two_blocks")


def test_measuring_leaves_the_model_bit_identical():
    problem = make_problem(trained(vgg, 3))
    before = [w.copy() for w in problem.model.get_weights()]
    found = methods.get("sbpf", repeats=1).measure(problem)
    assert set(found) == set(problem.groups)
    assert max(found.values()) > 0.1
    for old, new in zip(before, problem.model.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


def test_the_ranking_of_an_early_checkpoint_is_that_of_a_late_one():
    found = []
    for epochs in (3, 12):
        problem = make_problem(trained(two_blocks, epochs))
        measured = methods.get("sbpf", repeats=3).measure(problem)
        found.append(np.array(list(measured.values())))
    ranks = [np.argsort(np.argsort(values)) for values in found]
    spearman = np.corrcoef(*ranks)[0, 1]
    assert spearman >= 0.8, found


def planted():
    """A classifier that listens to one filter of a bottleneck, and a branch whose result is multiplied by nothing."""
    image = keras.Input((8, 8, 1), name="image")
    x = K.Conv2D(8, 3, 2, "same", activation="relu", name="stem")(image)
    narrow = K.Conv2D(8, 3, 2, "same", activation="relu", name="bottleneck")(x)
    dead = K.Conv2D(8, 3, 2, "same", activation="relu", name="dead")(x)
    flat = K.Flatten()(K.Concatenate()([narrow, dead]))
    return keras.Model(image, K.Dense(10, activation="softmax", name="classes")(flat), name="planted")


def test_a_dead_branch_has_the_highest_rate_and_a_bottleneck_the_lowest():
    keras.utils.set_random_seed(0)
    model = planted()
    classes = model.get_layer("classes")
    kernel = classes.get_weights()[0].reshape(2, 2, 16, 10)
    kernel[:, :, 1:] = 0.0  # filter 0 of the bottleneck alone counts: all other filters and the branch do not
    classes.set_weights([kernel.reshape(64, 10), np.zeros(10, np.float32)])
    problem = make_problem(model)
    # The labels are what the model says, so that it is right about all images, and damage to what counts is seen.
    problem.y_val = np.asarray(model(problem.x_val)).argmax(axis=1)
    assert len(set(problem.y_val)) > 2
    problem.target = type(problem.target)("macs", 0.75 * problem.target.whole, problem.target.whole)
    problem.notes.clear()
    keep = methods.get("sbpf", repeats=10, max_rate=0.9).select(problem)
    sensitiveness, found = problem.notes["sensitiveness"], problem.notes["rates"]
    assert sensitiveness["dead"] == 0.0
    assert sensitiveness["bottleneck"] > 0.0
    assert found["dead"] == max(found.values()) > 0.0
    assert found["bottleneck"] < found["dead"]
    assert tolerance(sensitiveness)["dead"] == 1.0
    assert min(tolerance(sensitiveness).values()) == 0.0
    assert problem.target.met(problem.cost(keep))


def test_rates_remove_the_part_that_is_asked_for():
    rng = np.random.default_rng(0)
    checked = 0
    for _ in range(100):
        names = [f"layer{k}" for k in range(rng.integers(1, 8))]
        sizes = {name: int(rng.integers(2, 200)) for name in names}
        sensitiveness = {name: float(rng.random()) for name in names}
        total = float(rng.uniform(0.0, 0.5))
        try:
            found = rates(sensitiveness, sizes, total)
        except ModelError:
            continue  # few filters, of which one has to stay
        scores = {name: rng.random(size) for name, size in sizes.items()}
        keep = allocate.cut(scores, found)
        gone = sum(int((~items).sum()) for items in keep.values())
        assert abs(gone - total * sum(sizes.values())) <= len(sizes)
        checked += 1
        assert sum(found[name] * sizes[name] for name in names) == pytest.approx(total * sum(sizes.values()))
        assert all(0.0 <= found[name] <= 0.95 + 1e-9 for name in names)
        assert all(items.any() for items in keep.values())
    assert checked > 90


def test_rates_are_proportional_to_tolerance_below_the_cap():
    found = rates({"a": 0.0, "b": 0.25, "c": 0.5}, {"a": 100, "b": 100, "c": 100}, 0.3)
    assert found == pytest.approx({"a": 0.6, "b": 0.3, "c": 0.0})
    capped = rates({"a": 0.0, "b": 0.25, "c": 0.5}, {"a": 100, "b": 100, "c": 100}, 0.6, max_rate=0.8)
    assert capped == pytest.approx({"a": 0.8, "b": 0.8, "c": 0.2})
    assert rates({"a": 0.0, "b": 0.0}, {"a": 10, "b": 10}, 0.5) == pytest.approx({"a": 0.5, "b": 0.5})
    with pytest.raises(ModelError, match="cannot go"):
        rates({"a": 0.0}, {"a": 10}, 0.99)


def test_the_model_gets_the_rates_of_the_formula():
    problem = make_problem(trained(vgg, 3))
    keep = methods.get("sbpf", repeats=2, max_rate=0.95).select(problem)
    sizes = {name: group.size for name, group in problem.groups.items()}
    gone = {name: int((~items).sum()) for name, items in keep.items()}
    total = sum(gone.values()) / sum(sizes.values())
    expected = rates(problem.notes["sensitiveness"], sizes, total)
    for name, size in sizes.items():
        assert abs(gone[name] - expected[name] * size) <= 1.5, name


def test_it_beats_uniform_rates_before_fine_tuning():
    wins = 0
    for seed in range(5):
        problem = make_problem(trained(vgg, 3, seed), {"parameters": 0.6}, seed=seed)
        keep = methods.get("sbpf", repeats=1).select(problem)
        uniform = methods.get("l1", allocation="uniform").select(problem)
        found = [accuracy(shrink(problem.model, k, problem.graph)) for k in (keep, uniform)]
        wins += found[0] > found[1]
    assert wins >= 4


def test_in_several_steps():
    method = methods.get("sbpf", steps=2, repeats=1)
    model, left = trained(vgg, 3), 1.0
    for fraction in method.fractions():
        wanted = 1.0 - fraction * 0.4
        problem = make_problem(model, {"macs": wanted / left})
        model, _ = method.run(problem)
        small_fit(model)
        left = wanted
    assert accuracy(model) > 0.8


def test_bad_input():
    with pytest.raises(TfcapsError, match="damages"):
        methods.get("sbpf", damages=[1.5])
    with pytest.raises(TfcapsError, match="filters"):
        methods.get("sbpf", filters="l7")
    problem = make_problem(vgg())
    found = np.asarray(problem.model(problem.x_val)).argmax(axis=1)
    problem.y_val = (found + 1) % 10
    with pytest.raises(ModelError, match="train it a little"):
        methods.get("sbpf").select(problem)
