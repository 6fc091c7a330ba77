"""Capsule types: a type of score 0 can go without any change, and the scores are what they say."""

import numpy as np
import pytest
from problems import accuracy, capsules, make_problem, small_fit, trained, vgg

from tfcaps._keras import keras
from tfcaps.errors import ModelError
from tfcaps.pruning import methods
from tfcaps.pruning.methods.capsules import measure
from tfcaps.pruning.shrink import mask, shrink
from tfcaps.routing import Dynamic

X = np.random.default_rng(0).random((6, 8, 8, 1), dtype=np.float32)


def silent_type(model, number):
    """Make the capsules of one type zero, whatever the image: no weights, no bias."""
    primary = model.get_layer("primary")
    kernel, bias = primary.get_weights()
    kernel[..., 4 * number : 4 * number + 4] = 0.0
    bias[4 * number : 4 * number + 4] = 0.0
    primary.set_weights([kernel, bias])


def test_a_type_of_score_zero_goes_first_and_changes_no_output():
    model = trained(capsules, 3)
    silent_type(model, 2)
    problem = make_problem(model, {"macs": 0.9})
    method = methods.get("capsules")
    scores = method.scores(problem)
    assert scores["primary"][2] == 0.0
    assert (np.delete(scores["primary"], 2) > 0.0).all()
    keep = problem.everything()
    keep["primary"][2] = False
    small = shrink(model, keep, problem.graph)
    np.testing.assert_allclose(np.asarray(small(X)), np.asarray(model(X)), atol=1e-6)
    assert small.get_layer("class_caps").kernel.shape[0] == 4 * 5 * 4
    assert not method.select(problem)["primary"][2]


def test_a_type_that_nobody_listens_to_scores_zero_by_its_votes():
    model = trained(capsules, 3)
    layer = model.get_layer("class_caps")
    kernel = layer.get_weights()[0].reshape(4, 6, 4, 60)
    kernel[:, 4] = 0.0
    layer.set_weights([kernel.reshape(-1, 60)])
    problem = make_problem(model, {"macs": 0.9})
    assert methods.get("capsules", score="votes").scores(problem)["primary"][4] == 0.0
    assert methods.get("capsules", score="length").scores(problem)["primary"][4] > 0.0


@pytest.mark.parametrize("leaky", [False, True])
def test_scores_by_hand(leaky):
    model = capsules(Dynamic(leaky=leaky))
    problem = make_problem(model, batch_size=3)
    problem.x_train, problem.y_train = X, np.zeros(6, np.int64)
    (found,) = measure(problem, 6).values()

    u = np.asarray(keras.Model(model.inputs[0], model.get_layer("primary_squash").output)(X))
    layer = model.get_layer("class_caps")
    _, couplings = layer.route(u, return_couplings=True)
    couplings, votes = np.asarray(couplings), np.asarray(layer.votes(u))
    expected = (np.linalg.norm(u, axis=-1) * couplings.sum(axis=1)).mean(axis=0)
    np.testing.assert_allclose(found.lengths, expected, rtol=1e-4)
    expected_votes = (couplings * np.linalg.norm(votes, axis=-1)).sum(axis=1).mean(axis=0)
    np.testing.assert_allclose(found.votes, expected_votes, rtol=1e-4)
    assert (couplings.sum(axis=1) < 0.999).all() == leaky
    scores = methods.get("capsules", samples=6).scores(problem)
    np.testing.assert_allclose(scores["primary"], expected.reshape(4, 6).mean(axis=0), rtol=1e-4)
    assert 0.0 < found.entropy <= 1.0


def test_entropy_tells_whether_routing_decides_anything():
    found = []
    for scale in (0.0, 40.0):
        model = trained(capsules, 3)
        layer = model.get_layer("class_caps")
        layer.set_weights([layer.get_weights()[0] * scale])
        problem = make_problem(model)
        methods.get("capsules", samples=64).scores(problem)
        found.append(problem.notes["entropy"]["class_caps"])
    assert found[0] == pytest.approx(1.0)
    assert found[1] < 0.9


def test_other_groups_stay_whole():
    problem = make_problem(trained(capsules, 3), {"macs": 0.6})
    keep = methods.get("capsules").select(problem)
    assert keep["conv1"].all()
    assert keep["class_caps"].all()
    assert 0 < keep["primary"].sum() < 6


def test_models_without_capsules():
    with pytest.raises(ModelError, match="no CapsuleDense"):
        methods.get("capsules").run(make_problem(vgg()))


def test_single_capsules_of_score_zero_can_go():
    model = trained(capsules, 3)
    layer = model.get_layer("class_caps")
    kernel = layer.get_weights()[0]
    silent = np.zeros(24, bool)
    silent[[3, 7, 20]] = True
    kernel[np.repeat(silent, 4)] = 0.0
    layer.set_weights([kernel])
    problem = make_problem(model)
    keep = methods.choose_input_capsules(problem, 3 / 24, score="votes", samples=64)
    np.testing.assert_array_equal(keep["class_caps"], ~silent)
    small = methods.remove_input_capsules(model, keep)
    np.testing.assert_allclose(np.asarray(small(X)), np.asarray(model(X)), atol=1e-6)
    assert tuple(small.get_layer("class_caps").kernel.shape) == (4 * 21, 60)
    assert small.count_params() == model.count_params() - 3 * 4 * 60
    np.testing.assert_array_equal(np.asarray(layer.kernel), kernel)


def test_a_model_with_fewer_input_capsules_is_saved_and_trained_on(tmp_path):
    model = trained(capsules, 3)
    keep = methods.choose_input_capsules(make_problem(model), 0.5)
    small = methods.remove_input_capsules(model, keep)
    assert keep["class_caps"].sum() == 12
    small.save(tmp_path / "small.keras")
    again = keras.models.load_model(tmp_path / "small.keras")
    np.testing.assert_array_equal(np.asarray(again(X)), np.asarray(small(X)))
    before = accuracy(small)
    assert accuracy(small_fit(small, epochs=1)) >= before - 0.02


def test_single_capsules_can_go_again():
    model = trained(capsules, 3)
    first, second = np.arange(24) % 5 != 1, np.arange(19) % 4 != 2
    twice = methods.remove_input_capsules(model, {"class_caps": first})
    twice = methods.remove_input_capsules(twice, {"class_caps": second})
    both = np.zeros(24, bool)
    both[np.flatnonzero(first)[second]] = True
    once = methods.remove_input_capsules(model, {"class_caps": both})
    np.testing.assert_array_equal(np.asarray(twice(X)), np.asarray(once(X)))
    assert [type(layer).__name__ for layer in twice.layers].count("CapsuleSelect") == 1


@pytest.mark.parametrize("method", ["l1", "capsules", "nisp"])
def test_types_can_go_after_single_capsules(method):
    model = trained(capsules, 3)
    keep = methods.choose_input_capsules(make_problem(model), 0.4)
    fewer = methods.remove_input_capsules(model, keep)
    problem = make_problem(fewer, {"macs": 0.6})
    small, cut = methods.get(method).run(problem)
    assert problem.target.met(problem.cost(cut))
    assert small.count_params() < fewer.count_params() < model.count_params()
    count = len(small.get_layer("class_caps_select").indices)
    assert small.get_layer("class_caps").kernel.shape[0] == 4 * count
    assert count < keep["class_caps"].sum() or cut["primary"].all()
    expected = np.asarray(mask(fewer, cut, problem.graph)(X))
    np.testing.assert_allclose(np.asarray(small(X)), expected, atol=1e-5)


def test_single_capsules_that_do_not_exist():
    model = capsules()
    for keep, message in (
        ({"primary": np.ones(24, bool)}, "one CapsuleDense called 'primary'"),
        ({"class_caps": np.ones(23, bool)}, r"bool \[24\]"),
        ({"class_caps": np.zeros(24, bool)}, "something left"),
    ):
        with pytest.raises(ModelError, match=message):
            methods.remove_input_capsules(model, keep)
    for options in ({"rate": 1.0}, {"rate": 0.5, "score": "loudness"}):
        with pytest.raises(ModelError, match="choose_input_capsules"):
            methods.choose_input_capsules(make_problem(model), **options)
