import pytest
from layer_test import run_layer_test

from tfcaps.layers import CapsuleDense, CapsuleLength, CapsuleMask, CapsuleSelect, Squash
from tfcaps.routing import Dynamic


@pytest.mark.parametrize("shape", [(6, 4), (3, 2, 5), (8,)])
def test_squash(shape, tmp_path):
    run_layer_test(Squash, {}, shape, shape, tmp_path)


@pytest.mark.parametrize("shape", [(6, 4), (5,)])
def test_capsule_length(shape, tmp_path):
    run_layer_test(CapsuleLength, {}, shape, shape[:-1], tmp_path)


@pytest.mark.parametrize(
    "kwargs",
    [
        {},
        {"routing": "dynamic", "use_bias": True},
        {"routing": Dynamic(iterations=1)},
        {"routing": {"name": "dynamic", "config": {"iterations": 2, "leaky": True}}, "use_bias": True},
        {"routing": Dynamic(detach_inner=True), "kernel_initializer": "glorot_uniform"},
        {"kernel_regularizer": "l2", "kernel_constraint": "max_norm"},
    ],
    ids=["default", "bias", "one", "leaky", "detached", "regularised"],
)
def test_capsule_dense(kwargs, tmp_path):
    weights = 2 if kwargs.get("use_bias") else 1
    run_layer_test(CapsuleDense, {"num_capsules": 3, "dim": 5, **kwargs}, (7, 4), (3, 5), tmp_path, weights)


def test_capsule_mask_alone(tmp_path):
    run_layer_test(CapsuleMask, {}, (5, 4), (5, 4), tmp_path)


def test_capsule_mask_with_labels(tmp_path):
    run_layer_test(CapsuleMask, {}, [(5, 4), (5,)], (5, 4), tmp_path)


def test_capsule_select(tmp_path):
    run_layer_test(CapsuleSelect, {"indices": [0, 2, 3]}, (5, 4), (3, 4), tmp_path)
