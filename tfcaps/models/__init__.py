"""Ready capsule networks by name.

    model = tfcaps.models.build("micro")                                     # 28x28x1, ten classes
    model = tfcaps.models.build("q7_cifar10", num_classes=5, routing="dynamic")

Every model is a functional Keras model from images [B, H, W, C] to capsule lengths [B, J] (a layer called
``lengths``), made of public layers only. `capsule_head` puts capsules on any other backbone.
"""

from tfcaps.models import capsnet as _capsnet
from tfcaps.models import micro as _micro
from tfcaps.models import q7 as _q7
from tfcaps.models.base import MODELS, build
from tfcaps.models.head import capsule_head
from tfcaps.models.perturb import perturb
from tfcaps.models.regime import train_head
from tfcaps.models.views import capsules_model, decoder_model, inference_model, reconstruction_model

__all__ = [
    "MODELS",
    "build",
    "capsule_head",
    "capsules_model",
    "decoder_model",
    "inference_model",
    "perturb",
    "reconstruction_model",
    "train_head",
]
del _capsnet, _micro, _q7
