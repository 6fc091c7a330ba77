import pytest

from tfcaps import pruning
from tfcaps._keras import LEGACY
from tfcaps.errors import ModelError, TfcapsError

pytestmark = pytest.mark.skipif(not LEGACY, reason="tfmot needs tf_keras")


@pytest.mark.parametrize("steps", [2, 3, 7, 16, 50, 99, 1000, 4680])
@pytest.mark.parametrize(("begin", "end"), [(0.0, 0.75), (0.5, 1.0), (0.0, 1.0), (0.9, 0.95)])
def test_the_fitted_decay_reaches_its_sparsity_within_the_run(steps, begin, end):
    schedule = pruning.polynomial_decay(steps, 0.6, begin=begin, end=end)
    pruning.check_schedule(schedule, steps)
    prune, sparsity = schedule(schedule.end_step)
    assert bool(prune)
    assert float(sparsity) == pytest.approx(0.6)
    assert (schedule.end_step - schedule.begin_step) // schedule.frequency < 105


def test_constant_prunes_in_the_first_step():
    schedule = pruning.constant(0.4)
    assert bool(schedule(1)[0])
    assert float(schedule(1)[1]) == pytest.approx(0.4)
    pruning.check_schedule(schedule, 1)


def test_tfmots_default_frequency_is_too_long_for_a_short_run():
    import tensorflow_model_optimization as tfmot

    schedules = tfmot.sparsity.keras
    with pytest.raises(ModelError, match="step 100, and the run has 60"):
        pruning.check_schedule(schedules.ConstantSparsity(0.5, 0), 60)
    pruning.check_schedule(schedules.ConstantSparsity(0.5, 0), 100)
    with pytest.raises(ModelError, match="step 200"):
        pruning.check_schedule(schedules.PolynomialDecay(0.0, 0.5, 0, 250), 1000)
    with pytest.raises(ModelError, match="step 900"):
        pruning.check_schedule(schedules.PolynomialDecay(0.0, 0.5, 0, 1000), 999)
    pruning.check_schedule(schedules.PolynomialDecay(0.0, 0.5, 0, 1000), 1000)


def test_a_schedule_of_another_kind_is_taken_on_trust():
    pruning.check_schedule(lambda step: (True, 0.5), 1)


@pytest.mark.parametrize(
    "options", [{"steps": 1}, {"steps": 9, "sparsity": 1.0}, {"steps": 9, "begin": 0.5, "end": 0.5}]
)
def test_numbers_out_of_range(options):
    with pytest.raises(TfcapsError, match="Expected"):
        pruning.polynomial_decay(**options)
