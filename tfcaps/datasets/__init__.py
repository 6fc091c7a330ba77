"""Image data sets by name or by path, as NumPy arrays.

    data = tfcaps.datasets.load("fashion_mnist")            # by name
    data = tfcaps.datasets.load("~/data/cifar-10-batches-py")   # by path: the format is recognised
    small = data.subset(train=2000, test=500)
    images = data.calibration(200)                          # training images, for quantisation

Nothing here imports TensorFlow, except the download of Fashion-MNIST when nothing local is found.
"""

from tfcaps.datasets import cifar as _cifar
from tfcaps.datasets import digits as _digits
from tfcaps.datasets import fashion_mnist as _fashion_mnist
from tfcaps.datasets import idx as _idx
from tfcaps.datasets import mnist5k as _mnist5k
from tfcaps.datasets import npz as _npz
from tfcaps.datasets import smallnorb as _smallnorb
from tfcaps.datasets.base import DATASETS, FORMATS, Dataset, load
from tfcaps.datasets.multi_mnist import MultiMnist, multi_mnist

__all__ = ["DATASETS", "FORMATS", "Dataset", "MultiMnist", "load", "multi_mnist"]
del _cifar, _digits, _fashion_mnist, _idx, _mnist5k, _npz, _smallnorb
