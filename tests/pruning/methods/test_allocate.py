"""From scores to what stays, on groups and costs without a network."""

import numpy as np
import pytest
from fakes import fake_problem

from tfcaps.errors import ModelError, TfcapsError
from tfcaps.pruning import allocate

SIZES = {"a": 32, "b": 64, "c": 16}
FACTORS = [9, 4, 2, 1]


def scores(seed=0):
    rng = np.random.default_rng(seed)
    return {name: rng.random(size) for name, size in SIZES.items()}


def ratio(problem, keep):
    return problem.target.ratio(problem.cost(keep))


def no_item_more_fits(problem, keep):
    for name, items in keep.items():
        counts = {**allocate.counts(keep), name: int(items.sum()) + 1}
        if items.all():
            continue
        if problem.target.met(problem.cost.at_counts(counts)):
            return False
    return True


@pytest.mark.parametrize("remaining", [0.9, 0.5, 0.3, 0.1])
@pytest.mark.parametrize("way", ["threshold", "uniform", "rates"])
def test_the_target_is_met_as_nearly_as_items_allow(remaining, way):
    problem = fake_problem(SIZES, FACTORS, remaining)
    keep = {
        "threshold": lambda: allocate.by_threshold(problem, scores()),
        "uniform": lambda: allocate.uniform(problem, scores()),
        "rates": lambda: allocate.by_rates(problem, scores(), {"a": 0.2, "b": 0.5, "c": 1.0}),
    }[way]()
    assert remaining - 0.02 <= ratio(problem, keep) <= remaining
    assert no_item_more_fits(problem, keep) or way != "threshold"
    assert all(items.any() for items in keep.values())


def test_one_threshold_divides_the_items_of_all_groups():
    # "b" has small scores throughout: a global threshold takes nearly all from it, a uniform rate the same everywhere.
    given = scores()
    given["b"] *= 0.2
    problem = fake_problem(SIZES, [1, 1, 1, 1], 0.5)
    keep = allocate.by_threshold(problem, given)
    threshold = max(given[name][~items].max() for name, items in keep.items() if not items.all())
    above = np.concatenate([given[name] > threshold for name in SIZES])
    kept = np.concatenate([keep[name] for name in SIZES])
    assert not (above & ~kept).any()
    assert (kept & ~above).sum() <= 2  # what was put back because it still fits
    assert keep["a"].mean() > 0.8 > 0.7 > keep["b"].mean()
    even = allocate.uniform(problem, given)
    rates = [items.mean() for items in even.values()]
    assert max(rates) - min(rates) < 0.07


def test_within_a_group_the_lowest_go():
    problem = fake_problem(SIZES, FACTORS, 0.4)
    for keep in (allocate.uniform(problem, scores()), allocate.by_threshold(problem, scores())):
        for name, items in keep.items():
            if not items.all():
                assert scores()[name][items].min() > scores()[name][~items].max()


def test_rates_are_proportional_until_a_group_is_at_its_limit():
    problem = fake_problem({"a": 1000, "b": 1000, "c": 1000}, [1, 1, 1, 1], 0.8)
    given = {name: np.arange(1000.0) for name in "abc"}
    rates = {"a": 0.1, "b": 0.2, "c": 0.0}
    keep = allocate.by_rates(problem, given, rates)
    assert keep["c"].all()
    assert (~keep["a"]).mean() == pytest.approx((~keep["b"]).mean() / 2, abs=0.002)


def test_a_capped_group_leaves_the_rest_to_the_others():
    problem = fake_problem({"a": 100, "b": 100}, [1, 0, 1], 0.5)
    given = {name: np.arange(100.0) for name in "ab"}
    keep = allocate.by_rates(problem, given, {"a": 1.0, "b": 0.01}, max_rate=0.7)
    assert allocate.counts(keep) == {"a": 30, "b": 70}


def test_sizes_are_multiples():
    problem = fake_problem(SIZES, FACTORS, 0.5)
    keep = allocate.by_threshold(problem, scores(), align=8)
    assert all(n % 8 == 0 for n in allocate.counts(keep).values())
    assert problem.target.met(problem.cost(keep))


def test_no_group_goes_below_its_minimum():
    problem = fake_problem(SIZES, FACTORS, 0.03, minimum=3)
    keep = allocate.by_threshold(problem, {**scores(), "c": np.zeros(16)})
    assert min(allocate.counts(keep).values()) == 3


def test_a_target_below_what_is_possible_says_what_is():
    problem = fake_problem(SIZES, FACTORS, 0.0001)
    with pytest.raises(ModelError, match=r"cannot be met.*still 16 \(0\.\d%\)"):
        allocate.by_threshold(problem, scores())
    with pytest.raises(ModelError, match=r"max_rate is 0\.5"):
        allocate.by_threshold(fake_problem(SIZES, FACTORS, 0.1), scores(), max_rate=0.5)
    with pytest.raises(ModelError, match="no group"):
        allocate.by_threshold(fake_problem({}, [1], 0.5), {})


def test_groups_without_scores_stay_whole():
    problem = fake_problem(SIZES, FACTORS, 0.5)
    keep = allocate.by_threshold(problem, {"b": scores()["b"]})
    assert keep["a"].all()
    assert keep["c"].all()
    assert not keep["b"].all()


def test_normalised():
    given = {"a": np.array([3.0, 4.0]), "b": np.array([0.0, 0.0])}
    np.testing.assert_allclose(allocate.normalised(given, "l2")["a"], np.array([3.0, 4.0]) / np.sqrt(12.5))
    np.testing.assert_allclose(allocate.normalised(given, "mean")["a"], np.array([3.0, 4.0]) / 3.5)
    np.testing.assert_allclose(allocate.normalised(given, "max")["a"], [0.75, 1.0])
    np.testing.assert_array_equal(allocate.normalised(given, "none")["a"], given["a"])
    for how in allocate.NORMS:
        np.testing.assert_array_equal(allocate.normalised(given, how)["b"], 0.0)
    with pytest.raises(TfcapsError, match="normalised by one of"):
        allocate.normalised(given, "l3")


def test_cut_takes_exactly_the_given_parts():
    keep = allocate.cut({"a": np.arange(10.0), "b": np.arange(4.0)}, {"a": 0.3, "b": 1.0})
    np.testing.assert_array_equal(keep["a"], np.arange(10) >= 3)
    assert keep["b"].tolist() == [False, False, False, True]


def test_top_of_equals_takes_the_first():
    assert allocate.top(np.ones(4), 2).tolist() == [True, True, False, False]


def test_a_moderate_rate_is_above_equal_rates_and_enough():
    for remaining in (0.9, 0.5, 0.1, 0.02):
        problem = fake_problem(SIZES, FACTORS, remaining)
        rate = allocate.moderate_rate(problem)
        equal = [1.0 - items.mean() for items in allocate.uniform(problem, scores()).values()]
        assert np.mean(equal) < rate < 1.0
        keep = allocate.by_threshold(problem, {**scores(), "b": np.zeros(64)}, max_rate=None)
        assert problem.target.met(problem.cost(keep))
        assert 1.0 - keep["b"].mean() <= rate
    assert allocate.moderate_rate(fake_problem(SIZES, FACTORS, 0.5)) < 0.7
    with pytest.raises(ModelError, match="cannot be met"):
        allocate.moderate_rate(fake_problem(SIZES, FACTORS, 0.0001))
