"""What all methods have in common: names, options, targets that are met, models that are really smaller."""

import numpy as np
import pytest
from problems import accuracy, capsules, make_problem, residual, trained, vgg

from tfcaps.errors import DataError, TfcapsError
from tfcaps.pruning import mask, methods
from tfcaps.pruning.methods.steps import fractions

NAMES = list(methods.METHODS)
QUICK = {
    "eagleeye": {"candidates": 3, "batches": 2, "samples": 100},
    "sbpf": {"damages": (0.5,), "repeats": 1, "samples": 100},
    "slimming": {"epochs": 1},
    "smcp": {"epochs": 1, "solves": 4},
    "nisp": {"samples": 64},
    "taylor": {"samples": 64},
}


def quick(name):
    return methods.get(name, **QUICK.get(name, {}))


def test_every_method_is_there():
    assert set(NAMES) == {
        *("capsules", "complexity", "eagleeye", "nisp", "sbpf", "slimming", "smcp"),
        *("fpgm", "l1", "l2", "lamp", "random", "taylor"),
    }


@pytest.mark.parametrize("name", NAMES)
def test_names_and_options(name):
    method = methods.get(name)
    assert method.name == name
    assert method.title
    assert method.source
    assert methods.get(method) is method
    again = methods.get(methods.serialize(method))
    assert again.get_config() == method.get_config() == type(method).options()
    assert repr(method).startswith(type(method).__name__)
    with pytest.raises(TfcapsError, match=f"{name!r} has no option 'wings'"):
        methods.get(name, wings=2)
    with pytest.raises(TfcapsError, match="steps"):
        methods.get(name, steps=0)


JUNK = (-1, 1e9, float("nan"), float("inf"), "x", [], [1.5], (-0.5,), ["a"], {}, object())


@pytest.mark.parametrize("name", NAMES)
def test_options_that_make_no_sense(name):
    for option in methods.METHODS[name].options():
        free = {"response": ("x",), "schedule": ()}.get(option, ())  # the name of a layer
        most = option in ("strength", "learning_rate", "weight_decay", "decay")
        for value in JUNK:
            if value in free or (most and value == 1e9):
                continue
            with pytest.raises(TfcapsError) as caught:
                methods.get(name, **{option: value})
            assert "\n" not in str(caught.value)


def test_unknown_methods():
    with pytest.raises(TfcapsError, match="did you mean 'slimming'"):
        methods.get("sliming")
    with pytest.raises(TfcapsError, match="to be a name"):
        methods.get(3)
    with pytest.raises(TfcapsError, match="in the object"):
        methods.get(methods.get("l1"), align=4)


@pytest.mark.parametrize(
    ("name", "build"), [*((n, capsules) for n in NAMES), *((n, residual) for n in ("l1", "nisp", "sbpf", "smcp"))]
)
def test_the_target_is_met_and_the_model_is_smaller(name, build):
    problem = make_problem(trained(build, 3), {"macs": 0.6}, epochs=1)
    before = {g.name: g.size for g in problem.graph.prunable}
    parameters = problem.model.count_params()
    small, keep = quick(name).run(problem)
    cost = problem.cost(keep)
    assert problem.target.met(cost)
    assert {n: len(items) for n, items in keep.items()} == before
    assert small.count_params() == cost.parameters < parameters
    # Every single item more would be too much: nothing was cut in vain.
    if name in ("l1", "l2", "fpgm", "lamp", "taylor", "slimming", "capsules"):
        for group in keep:
            more = {n: int(k.sum()) + (n == group) for n, k in keep.items()}
            if more[group] <= before[group] and (name != "capsules" or group == "primary"):
                assert not problem.target.met(problem.cost.at_counts(more)), group
    x = np.random.default_rng(0).random((4, 8, 8, 1), dtype=np.float32)
    if name not in ("complexity", "eagleeye"):  # which give the small model weights or statistics of its own
        masked = mask(problem.model, keep, problem.graph)
        np.testing.assert_allclose(np.asarray(small(x)), np.asarray(masked(x)), atol=1e-5)
    assert np.isfinite(np.asarray(small(x))).all()


@pytest.mark.parametrize("name", [n for n in NAMES if n not in ("slimming", "smcp")])
def test_methods_that_do_not_train_leave_the_model_bit_identical(name):
    problem = make_problem(trained(capsules, 3), {"macs": 0.6})
    before = [w.copy() for w in problem.model.get_weights()]
    quick(name).run(problem)
    for old, new in zip(before, problem.model.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


@pytest.mark.parametrize("name", ["random", "complexity", "eagleeye", "sbpf", "smcp"])
def test_the_same_seed_gives_the_same_pruning(name):
    found = [quick(name).run(make_problem(trained(capsules, 3), {"macs": 0.6}, seed=5, epochs=1))[1] for _ in range(2)]
    for group in found[0]:
        np.testing.assert_array_equal(found[0][group], found[1][group])


@pytest.mark.parametrize("name", [n for n in NAMES if methods.METHODS[n].needs_data])
def test_images_are_asked_for_where_they_are_needed(name):
    problem = make_problem(trained(capsules, 3))
    problem.x_train = None
    with pytest.raises(DataError, match=f"{name!r} needs training images"):
        quick(name).run(problem)


@pytest.mark.parametrize("name", [n for n in NAMES if not methods.METHODS[n].needs_data])
def test_and_only_there(name):
    problem = make_problem(trained(capsules, 3))
    problem.x_train = problem.y_train = problem.x_val = problem.y_val = None
    small, keep = quick(name).run(problem)
    assert problem.target.met(problem.cost(keep))
    assert small.count_params() < problem.model.count_params()


def test_steps():
    assert fractions(1) == [1.0]
    assert fractions(2, "linear") == [0.5, 1.0]
    assert fractions(2, "cubic") == [0.875, 1.0]
    assert fractions(2, "geometric") == pytest.approx([1 / 3, 1.0])
    assert methods.get("l1", steps=2, schedule=[0.25, 1.0]).fractions() == [0.25, 1.0]
    for steps, schedule in ((2, "steep"), (2, [0.5]), (2, [0.5, 0.9]), (2, [0.9, 0.5]), (2, 7)):
        with pytest.raises(TfcapsError, match="schedule"):
            methods.get("l1", steps=steps, schedule=schedule)


def test_a_schedule_of_tfmot():
    from tfcaps._keras import LEGACY

    if not LEGACY:
        pytest.skip("tfmot needs tf_keras")
    from tfcaps import pruning

    schedule = pruning.polynomial_decay(400, 0.8, begin=0.0, end=1.0, power=1)
    assert methods.get("l1", steps=4, schedule=schedule).fractions() == pytest.approx([0.25, 0.5, 0.75, 1.0], abs=0.01)


def test_a_trained_network_survives_pruning_in_parts():
    problem = make_problem(trained(vgg), {"macs": 0.9})
    before = accuracy(problem.model)
    small, _ = methods.get("eagleeye", candidates=8, batches=5).run(problem)
    assert accuracy(small) > before - 0.08
