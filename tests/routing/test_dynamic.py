"""Dynamic routing against an independent triple loop, and the properties that a fake does not have."""

import itertools
import math

import numpy as np
import pytest
import tensorflow as tf

from tfcaps.errors import TfcapsError
from tfcaps.routing import Dynamic, Taps

CASES = pytest.mark.parametrize("leaky", [False, True], ids=["", "leaky"])
ROUNDS = pytest.mark.parametrize("iterations", [1, 2, 3])


def loop_routing(votes, iterations, leaky, bias):
    """Procedure 1 of Sabour et al. 2017 for one example, one number at a time: votes [J, I, D] -> v, c."""
    J, I, D = votes.shape  # noqa: E741
    b = [[0.0] * J for _ in range(I)]
    for _ in range(iterations):
        c = [[0.0] * J for _ in range(I)]
        for i in range(I):
            total = sum(math.exp(b[i][j]) for j in range(J)) + (1.0 if leaky else 0.0)
            for j in range(J):
                c[i][j] = math.exp(b[i][j]) / total
        v = np.zeros((J, D))
        for j in range(J):
            s = [0.0 if bias is None else bias[j, d] for d in range(D)]
            for i in range(I):
                for d in range(D):
                    s[d] += c[i][j] * votes[j, i, d]
            norm = math.sqrt(sum(x * x for x in s))
            for d in range(D):
                v[j, d] = norm * norm / (1 + norm * norm) * s[d] / norm
        for i in range(I):
            for j in range(J):
                b[i][j] += sum(votes[j, i, d] * v[j, d] for d in range(D))
    return v, np.array(c).T


def random_votes(*shape, seed=0, dtype="float64"):
    return np.random.default_rng(seed).normal(size=shape).astype(dtype)


@CASES
@ROUNDS
@pytest.mark.parametrize("with_bias", [False, True], ids=["", "bias"])
@pytest.mark.parametrize(("dtype", "tolerance"), [("float32", 1e-6), ("float64", 1e-9)])
def test_equals_the_triple_loop(iterations, leaky, with_bias, dtype, tolerance):
    votes = random_votes(2, 4, 7, 5, dtype=dtype)
    bias = random_votes(4, 5, seed=1, dtype=dtype) if with_bias else None
    v, c = Dynamic(iterations, leaky=leaky)(votes, bias=bias, return_couplings=True)
    assert v.dtype == c.dtype == dtype
    for n in range(2):
        expected_v, expected_c = loop_routing(votes[n].astype("float64"), iterations, leaky, bias)
        np.testing.assert_allclose(v[n], expected_v, atol=tolerance)
        np.testing.assert_allclose(c[n], expected_c, atol=tolerance)


@CASES
@ROUNDS
def test_couplings_of_an_input_capsule_sum_to_one(iterations, leaky):
    _, c = Dynamic(iterations, leaky=leaky)(random_votes(3, 4, 7, 5), return_couplings=True)
    sums = c.numpy().sum(axis=1)
    if leaky:
        assert (sums < 1).all()
    else:
        np.testing.assert_allclose(sums, 1, atol=1e-9)


def test_softmax_runs_over_output_capsules():
    """Couplings worked out by hand for I = 1, J = 2: a softmax over the input capsules would give 1 for both."""
    votes = np.array([[[[3.0, 0.0]], [[0.0, 1.0]]]])  # û_00 = (3, 0), û_01 = (0, 1)
    # Iteration 1: c = 1/2; s_0 = (1.5, 0), |v_0| = 2.25/3.25; s_1 = (0, 0.5), |v_1| = 0.25/1.25.
    # b_00 = 3 · 2.25/3.25, b_01 = 1 · 0.25/1.25, and c = softmax over j.
    b = np.array([3 * 2.25 / 3.25, 0.2])
    expected = np.exp(b) / np.exp(b).sum()
    _, c = Dynamic(2)(votes, return_couplings=True)
    np.testing.assert_allclose(c[0, :, 0], expected, atol=1e-9)
    assert abs(expected[0] - 1) > 0.1

    # The first iteration alone: 1/J whatever I is.
    _, c = Dynamic(1)(random_votes(1, 2, 5, 3), return_couplings=True)
    np.testing.assert_allclose(c, np.full((1, 2, 5), 0.5))


def test_the_state_belongs_to_one_example():
    votes = random_votes(5, 3, 6, 4)
    order = [3, 0, 4, 1, 2]
    routing = Dynamic(3)
    v, c = routing(votes, return_couplings=True)
    permuted_v, permuted_c = routing(votes[order], return_couplings=True)
    np.testing.assert_allclose(permuted_v, v.numpy()[order], atol=1e-12)
    np.testing.assert_allclose(permuted_c, c.numpy()[order], atol=1e-12)
    for n in range(5):
        np.testing.assert_allclose(routing(votes[n : n + 1])[0], v[n], atol=1e-12)
    np.testing.assert_array_equal(routing(votes), v)  # nothing is left over from the call before


def test_agreement_raises_the_coupling_from_iteration_to_iteration():
    """80 % of the input capsules send output capsule 0 the same vote; everything else is random."""
    rng = np.random.default_rng(0)
    votes = rng.normal(size=(1, 4, 50, 8)) * 0.3
    votes[0, 0, :40] = rng.normal(size=8) * 0.5
    means = []
    for iterations in range(1, 6):
        _, c = Dynamic(iterations)(votes, return_couplings=True)
        means.append(c.numpy()[0, 0, :40])
    assert np.isclose(means[0], 0.25).all()
    for earlier, later in itertools.pairwise(means):
        assert (later > earlier).all()


@CASES
def test_gradients_equal_finite_differences(leaky):
    votes, bias = random_votes(1, 3, 4, 2), random_votes(3, 2, seed=1)
    weight = random_votes(1, 3, 2, seed=2)
    routing = Dynamic(3, leaky=leaky)

    def value(votes, bias):
        return tf.reduce_sum(routing(votes, bias=bias) * weight)

    inputs = [tf.constant(votes), tf.constant(bias)]
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        y = value(*inputs)
    for k, gradient in enumerate(tape.gradient(y, inputs)):
        array = inputs[k].numpy()
        for index in np.ndindex(array.shape):
            step = np.zeros_like(array)
            step[index] = 1e-6
            arguments = [[part.numpy() for part in inputs] for _ in range(2)]
            arguments[0][k] = array + step
            arguments[1][k] = array - step
            difference = (value(*arguments[0]) - value(*arguments[1])) / 2e-6
            assert abs(float(gradient[index]) - float(difference)) < 1e-5


def test_detach_inner_changes_gradients_and_not_values():
    votes = tf.constant(random_votes(2, 3, 4, 2))
    results = []
    for detach in (False, True):
        with tf.GradientTape() as tape:
            tape.watch(votes)
            v = Dynamic(3, detach_inner=detach)(votes)
            y = tf.reduce_sum(v**2)
        results.append((v.numpy(), tape.gradient(y, votes).numpy()))
    np.testing.assert_allclose(results[0][0], results[1][0], atol=1e-12)
    assert np.abs(results[0][1] - results[1][1]).max() > 1e-3


def test_detached_gradient_treats_the_couplings_as_constants():
    votes = tf.constant(random_votes(2, 3, 4, 2))
    _, c = Dynamic(3)(votes, return_couplings=True)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(votes)
        y = tf.reduce_sum(Dynamic(3, detach_inner=True)(votes) ** 2)
        s = tf.reduce_sum(c[..., None] * votes, axis=2)
        n2 = tf.reduce_sum(s**2, axis=-1)
        fixed = tf.reduce_sum((n2 / (1 + n2)) ** 2)
    np.testing.assert_allclose(tape.gradient(y, votes), tape.gradient(fixed, votes), atol=1e-7)


def test_half_precision_is_routed_in_single():
    votes = random_votes(2, 3, 40, 4, dtype="float16")
    v, c = Dynamic(3)(votes, return_couplings=True)
    assert v.dtype == c.dtype == tf.float16
    np.testing.assert_allclose(v, Dynamic(3)(votes.astype("float32")), atol=1e-3)


def test_taps_are_called_where_they_say():
    calls = []

    def tap(name):
        def record(x):
            calls.append((name, tuple(x.shape)))
            return x

        return record

    names = ("votes", "logits", "couplings", "sums", "poses")
    votes = random_votes(2, 3, 4, 5)
    v = Dynamic(2)(votes, taps=Taps(**{name: tap(name) for name in names}))
    assert calls == [
        ("votes", (2, 3, 4, 5)),
        ("sums", (2, 3, 5)),
        ("poses", (2, 3, 5)),
        ("logits", (2, 3, 4)),
        ("couplings", (2, 3, 4)),
        ("sums", (2, 3, 5)),
    ]
    np.testing.assert_array_equal(v, Dynamic(2)(votes))


@pytest.mark.parametrize("iterations", [0, 17, 2.0, "3"])
def test_iterations_out_of_range(iterations):
    with pytest.raises(TfcapsError, match="iterations to be 1 to 16"):
        Dynamic(iterations)


def test_votes_of_another_rank():
    with pytest.raises(TfcapsError, match=r"shape \[batch, J, I, D\]"):
        Dynamic()(np.zeros((2, 3, 4)))
