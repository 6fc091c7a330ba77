"""CapsNet with its decoder: training inputs and outputs, the models on its layers, perturbed reconstructions."""

import numpy as np
import pytest

from tfcaps import losses, models
from tfcaps._keras import keras
from tfcaps.errors import ModelError

ONE_HOT = np.eye(3, dtype=np.float32)[[0, 2]]
IMAGES = np.random.default_rng(0).uniform(0, 1, (2, 17, 17, 1)).astype(np.float32)


@pytest.fixture(scope="module")
def small():
    """A CapsNet on the smallest images it takes: 32 primary capsules."""
    keras.utils.set_random_seed(0)
    return models.build("capsnet", (17, 17, 1), 3, decoder=True)


def test_parameters_with_decoder():
    assert models.build("capsnet", decoder=True).count_params() == 8_215_568


def test_inputs_and_outputs(small):
    assert [tuple(i.shape) for i in small.inputs] == [(None, 17, 17, 1), (None, 3)]
    lengths, reconstruction = small.predict([IMAGES, ONE_HOT], verbose=0)
    assert lengths.shape == (2, 3)
    assert reconstruction.shape == IMAGES.shape


def test_trains_with_both_losses(small):
    model = keras.models.clone_model(small)
    model.compile(
        "adam",
        loss=[losses.MarginLoss(), losses.ReconstructionLoss()],
        loss_weights=[1.0, losses.RECONSTRUCTION_WEIGHT],
    )
    history = model.fit([IMAGES, ONE_HOT], [ONE_HOT, IMAGES], epochs=3, verbose=0).history["loss"]
    assert history[-1] < history[0]


def test_inference_model_needs_no_label(small):
    inference = models.inference_model(small)
    lengths, _ = small.predict([IMAGES, ONE_HOT], verbose=0)
    np.testing.assert_array_equal(inference.predict(IMAGES, verbose=0), lengths)
    assert inference.count_params() == models.build("capsnet", (17, 17, 1), 3).count_params()


def test_inference_model_of_a_model_without_decoder_is_the_same():
    model = models.build("tiny")
    x = np.ones((1, 28, 28, 1), np.float32)
    np.testing.assert_array_equal(np.asarray(models.inference_model(model)(x)), np.asarray(model(x)))


def test_decoder_and_capsules_compose_to_the_whole(small):
    v = models.capsules_model(small).predict(IMAGES, verbose=0)
    assert v.shape == (2, 3, 16)
    images = models.decoder_model(small).predict(v * ONE_HOT[..., None], verbose=0)
    _, reconstruction = small.predict([IMAGES, ONE_HOT], verbose=0)
    np.testing.assert_allclose(images, reconstruction, atol=1e-6)


def test_reconstruction_model_takes_the_longest_capsule(small):
    lengths, images = models.reconstruction_model(small).predict(IMAGES, verbose=0)
    longest = np.eye(3, dtype=np.float32)[np.argmax(lengths, axis=1)]
    np.testing.assert_allclose(images, small.predict([IMAGES, longest], verbose=0)[1], atol=1e-6)


def test_perturb_moves_one_dimension_at_a_time(small):
    decoder = models.decoder_model(small)
    v = models.capsules_model(small).predict(IMAGES, verbose=0)[0]
    images = models.perturb(decoder, v, 2)
    assert images.shape == (16, 11, 17, 17, 1)
    masked = np.zeros_like(v)
    masked[2] = v[2]
    still = decoder.predict(masked[None], verbose=0)[0]
    np.testing.assert_allclose(images[:, 5], np.broadcast_to(still, images[:, 5].shape), atol=1e-6)
    masked[2, 7] += 0.25
    np.testing.assert_allclose(images[7, 10], decoder.predict(masked[None], verbose=0)[0], atol=1e-6)
    assert not np.allclose(images[7, 10], still)


def test_perturb_takes_other_offsets(small):
    images = models.perturb(models.decoder_model(small), np.zeros((3, 16)), 0, low=0.0, high=1.0, steps=2)
    assert images.shape[:2] == (16, 2)


@pytest.mark.parametrize(
    ("v", "index", "steps", "message"),
    [((2, 3, 16), 0, 11, "one image"), ((3, 16), 3, 11, "0 ... 2"), ((3, 16), 0, 0, "one step")],
)
def test_perturb_refuses(small, v, index, steps, message):
    with pytest.raises(ModelError, match=message):
        models.perturb(models.decoder_model(small), np.zeros(v), index, steps=steps)


def test_models_without_a_decoder_say_so():
    for view in (models.decoder_model, models.reconstruction_model):
        with pytest.raises(ModelError, match=r"no layer 'reconstruction': build it with decoder=True"):
            view(models.build("tiny"))
    x = keras.Input((3,))
    with pytest.raises(ModelError, match="no layer 'lengths'"):
        models.inference_model(keras.Model(x, keras.layers.Dense(2)(x)))
