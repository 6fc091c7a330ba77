import numpy as np
import pytest

from tfcaps.errors import ModelError, TfcapsError
from tfcaps.layers import CapsuleDense, CapsuleLength, CapsuleMask, CapsuleSelect, Squash


@pytest.mark.parametrize(
    ("make", "shape", "message"),
    [
        (lambda: CapsuleDense(0, 4), (1, 3, 4), "expected positive sizes, got num_capsules=0"),
        (lambda: CapsuleDense(3, 4, name="caps"), (1, 5), r"CapsuleDense 'caps': expected capsules \[batch, I, K\]"),
        (lambda: CapsuleSelect([2, 1]), (1, 3, 4), "indices from 0 on in rising order"),
        (lambda: CapsuleSelect([0, 3], name="some"), (1, 3, 4), r"'some': expected capsules \[batch, at least 4"),
        (lambda: Squash(name="squeeze"), (5,), r"Squash 'squeeze': expected capsules"),
        (lambda: CapsuleLength(name="long"), (5,), r"CapsuleLength 'long': expected capsules"),
    ],
)
def test_bad_shapes_name_the_layer(make, shape, message):
    with pytest.raises(ModelError, match=message):
        make()(np.zeros(shape, "float32"))


def test_unknown_routing_lists_what_there_is():
    with pytest.raises(TfcapsError, match=r"unknown routing 'dynamc': expected one of dynamic.*did you mean 'dynamic'"):
        CapsuleDense(3, 4, routing="dynamc")


def test_mask_keeps_the_longest_or_the_labelled_capsule():
    v = np.array([[[1, 0], [3, 4], [0, 2]], [[9, 0], [3, 4], [0, 2]]], "float32")
    kept = [[0, 1, 0], [1, 0, 0]]
    np.testing.assert_array_equal(CapsuleMask()(v), v * np.array(kept)[..., None])
    for labels in ([[0, 0, 1], [0, 1, 0]], [2, 1], [[2], [1]]):
        masked = CapsuleMask()([v, np.array(labels, "float32")])
        np.testing.assert_array_equal(masked, v * np.array([[0, 0, 1], [0, 1, 0]])[..., None])


def test_length_is_the_euclidean_norm():
    np.testing.assert_allclose(CapsuleLength()(np.array([[[3, 4], [0, 0]]], "float32")), [[5, 0]], atol=1e-6)
