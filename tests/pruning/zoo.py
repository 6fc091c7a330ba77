"""Small networks of the families that people prune, for both Keras flavours.

Each is a function without arguments that returns a new, built model; `MODELS` holds them by name.
"""

from __future__ import annotations

import tensorflow as tf

from tfcaps import models
from tfcaps._keras import LEGACY, keras
from tfcaps.layers import CapsuleDense, CapsuleLength, CapsuleSelect, primary_capsules

layers = keras.layers
IMAGE = (12, 12, 3)

if LEGACY:
    relu, sigmoid, maximum, clip = tf.nn.relu, tf.sigmoid, tf.maximum, tf.clip_by_value
    reshape, transpose, squeeze = tf.reshape, tf.transpose, tf.squeeze

    def mean(x, axes, keepdims=False):
        return tf.reduce_mean(x, axes, keepdims)

    def concat(parts):
        return tf.concat(parts, axis=-1)

    def split(x, sections):
        return tf.split(x, sections, axis=-1)

    def reshape_with_batch(x, shape):
        return tf.reshape(x, (tf.shape(x)[0], *shape))

    def pool_and_resize(x, size):
        return tf.image.resize(tf.nn.max_pool2d(x, 2, 2, "VALID"), size)

    def pad(x, before):
        return tf.pad(x, [[0, 0], [0, 0], [0, 0], [before, before]])
else:
    ops = keras.ops
    relu, sigmoid, maximum, clip = ops.relu, ops.sigmoid, ops.maximum, ops.clip
    reshape, transpose, squeeze = ops.reshape, ops.transpose, ops.squeeze

    def mean(x, axes, keepdims=False):
        return ops.mean(x, axes, keepdims)

    def concat(parts):
        return ops.concatenate(parts, axis=-1)

    def split(x, sections):
        return ops.split(x, sections, axis=-1)

    def reshape_with_batch(x, shape):
        return ops.reshape(x, (-1, *shape))

    def pool_and_resize(x, size):
        return ops.image.resize(ops.max_pool(x, 2, 2), size)

    def pad(x, before):
        return ops.pad(x, [[0, 0], [0, 0], [0, 0], [before, before]])


def conv_bn(x, filters, kernel=3, strides=1, activation="relu", **options):
    x = layers.Conv2D(filters, kernel, strides, padding="same", use_bias=False, **options)(x)
    x = layers.BatchNormalization()(x)
    return layers.Activation(activation)(x) if activation else x


def classify(image, x, classes=4):
    x = layers.GlobalAveragePooling2D()(x)
    return keras.Model(image, layers.Dense(classes, activation="softmax")(x))


def vgg():
    image = x = keras.Input(IMAGE)
    for filters in (8, 12):
        x = conv_bn(conv_bn(x, filters), filters)
        x = layers.MaxPooling2D()(x)
    x = layers.Dropout(0.0)(layers.Dense(10, activation="relu")(layers.Flatten()(x)))
    return keras.Model(image, layers.Dense(4)(x))


def resnet_v1():
    image = keras.Input(IMAGE)
    x = conv_bn(image, 8)
    for filters, strides in ((8, 1), (12, 2)):
        y = conv_bn(conv_bn(x, filters, strides=strides), filters, activation=None)
        short = x if strides == 1 else conv_bn(x, filters, 1, strides, activation=None)
        x = layers.ReLU()(layers.Add()([short, y]))
    return classify(image, x)


def resnet_v2():
    image = keras.Input(IMAGE)
    x = layers.Conv2D(8, 3, padding="same")(image)
    for filters, strides in ((8, 1), (12, 2)):
        before = layers.ReLU()(layers.BatchNormalization()(x))
        y = layers.Conv2D(filters, 3, strides, padding="same")(before)
        y = layers.Conv2D(filters, 3, padding="same")(layers.ReLU()(layers.BatchNormalization()(y)))
        short = x if strides == 1 else layers.Conv2D(filters, 1, strides)(before)
        x = layers.Add()([short, y])
    return classify(image, layers.ReLU()(layers.BatchNormalization()(x)))


def mobilenet_v1():
    image = keras.Input(IMAGE)
    x = conv_bn(image, 8, strides=2)
    for filters, multiplier in ((12, 1), (16, 2)):
        x = layers.DepthwiseConv2D(3, padding="same", depth_multiplier=multiplier)(x)
        x = layers.ReLU(6.0)(layers.BatchNormalization()(x))
        x = conv_bn(x, filters, 1)
    x = layers.GlobalAveragePooling2D(keepdims=True)(x)
    x = layers.Conv2D(4, 1)(layers.Dropout(0.0)(x))
    return keras.Model(image, layers.Softmax()(layers.Reshape((4,))(x)))


def inverted_residual(x, filters, expansion=3):
    channels = x.shape[-1]
    y = conv_bn(x, channels * expansion, 1)
    y = layers.DepthwiseConv2D(3, padding="same", use_bias=False)(y)
    y = conv_bn(layers.ReLU()(layers.BatchNormalization()(y)), filters, 1, activation=None)
    return layers.Add()([x, y]) if channels == filters else y


def mobilenet_v2():
    image = keras.Input(IMAGE)
    x = conv_bn(layers.ZeroPadding2D(((0, 1), (0, 1)))(image), 6, strides=2)
    for filters in (6, 8, 8):
        x = inverted_residual(x, filters)
    return classify(image, conv_bn(x, 16, 1))


def squeeze_and_excite(x, keepdims):
    channels = x.shape[-1]
    s = layers.GlobalAveragePooling2D(keepdims=keepdims)(x)
    if keepdims:
        s = layers.Conv2D(channels // 2, 1, activation="relu")(s)
        s = layers.Conv2D(channels, 1, activation="hard_sigmoid")(s)
    else:
        s = layers.Dense(channels // 2, activation="relu")(s)
        s = layers.Reshape((1, 1, channels))(layers.Dense(channels, activation="sigmoid")(s))
    return layers.Multiply()([x, s])


def mobilenet_v3():
    image = keras.Input(IMAGE)
    x = conv_bn(layers.Rescaling(1 / 127.5, -1.0)(image), 8, strides=2, activation="swish")
    for keepdims in (True, False):
        y = layers.DepthwiseConv2D(5, padding="same")(conv_bn(x, 16, 1))
        y = squeeze_and_excite(layers.ReLU()(layers.BatchNormalization()(y)), keepdims)
        x = layers.Add()([x, conv_bn(y, 8, 1, activation=None)])
    return classify(image, x)


def densenet():
    image = keras.Input(IMAGE)
    x = layers.Conv2D(8, 3, padding="same")(image)
    for block in range(2):
        for _ in range(3):
            y = layers.Conv2D(8, 1)(layers.ReLU()(layers.BatchNormalization()(x)))
            y = layers.Conv2D(4, 3, padding="same")(layers.ReLU()(layers.BatchNormalization()(y)))
            x = layers.Concatenate()([x, y])
        if block == 0:
            x = layers.Conv2D(10, 1)(layers.ReLU()(layers.BatchNormalization()(x)))
            x = layers.AveragePooling2D(2)(x)
    return classify(image, layers.ReLU()(layers.BatchNormalization()(x)))


def unet():
    image = keras.Input(IMAGE)
    a = conv_bn(image, 6)
    b = conv_bn(layers.MaxPooling2D()(a), 8)
    c = conv_bn(layers.MaxPooling2D()(b), 10)
    x = layers.Conv2DTranspose(8, 2, 2, activation="relu")(c)
    x = conv_bn(layers.Concatenate()([b, x]), 8)
    x = layers.Concatenate()([layers.UpSampling2D()(x), a])
    return keras.Model(image, layers.Conv2D(2, 1, activation="softmax")(conv_bn(x, 6)))


def inception():
    image = keras.Input(IMAGE)
    x = conv_bn(image, 8)
    branches = [
        conv_bn(x, 4, 1),
        conv_bn(conv_bn(x, 4, 1), 6),
        conv_bn(conv_bn(x, 3, (1, 5)), 4, (5, 1)),
        conv_bn(layers.AveragePooling2D(3, 1, "same")(x), 4, 1),
    ]
    x = layers.Concatenate()(branches)
    return classify(image, layers.Conv2D(8, 1)(layers.Cropping2D(1)(x)))


def resnext():
    """Grouped convolutions, group normalisation, a depthwise convolution in other words, slopes of two kinds."""
    image = keras.Input(IMAGE)
    x = conv_bn(image, 8)
    y = layers.PReLU(shared_axes=[1, 2])(layers.Conv2D(12, 1)(x))
    y = conv_bn(layers.Conv2D(12, 3, padding="same", groups=3)(y), 8, 1, activation=None)
    x = layers.Add()([x, y])
    x = layers.GroupNormalization(4)(layers.Conv2D(16, 3, padding="same", groups=8)(x))
    x = layers.GroupNormalization(groups=-1)(layers.SeparableConv2D(10, 3, depth_multiplier=2)(x))
    return classify(image, layers.PReLU()(x))


def one_dimensional():
    signal = keras.Input((20, 2))
    x = layers.MaxPooling1D()(layers.Conv1D(8, 5, activation="relu")(signal))
    x = layers.BatchNormalization()(layers.SeparableConv1D(10, 3)(x))
    x = layers.Dense(6, activation="tanh")(x)  # on each position
    return keras.Model(signal, layers.Dense(3)(layers.Flatten()(x)))


def autoencoder():
    image = x = keras.Input(IMAGE)
    x = layers.Conv2D(8, 3, 2, padding="same", activation="relu")(x)
    x = layers.Dense(10, activation="relu")(layers.Flatten()(x))
    x = layers.Reshape((3, 3, 8))(layers.Dense(72, activation="relu")(x))
    x = layers.Conv2DTranspose(6, 4, 4, activation="relu")(x)
    return keras.Model(image, layers.Conv2D(3, 1)(x))


def spatial_attention():
    image = keras.Input(IMAGE)
    x = conv_bn(image, 8)
    x = layers.Multiply()([x, layers.Conv2D(1, 3, padding="same", activation="sigmoid")(x)])
    x = layers.Maximum()([layers.Conv2D(6, 1)(x), layers.Conv2D(6, 1)(x)])
    return classify(image, layers.Subtract()([x, layers.Average()([x, layers.Conv2D(6, 1)(x)])]))


def shuffle():
    """Channels change places between two groups, as in ShuffleNet."""
    image = keras.Input(IMAGE)
    x = layers.Conv2D(12, 1, groups=2)(conv_bn(image, 8))
    x = layers.Permute((1, 2, 4, 3))(layers.Reshape((12, 12, 2, 6))(x))
    x = layers.Reshape((12, 12, 12))(x)
    return classify(image, conv_bn(x, 8))


def ghost():
    """Cheap copies of a few channels beside them, and a slice that cuts both to size, by raw functions."""
    image = keras.Input(IMAGE)
    x = conv_bn(image, 8)
    for filters in (8, 11):
        primary = conv_bn(x, (filters + 1) // 2, 1)
        cheap = layers.DepthwiseConv2D(3, padding="same")(primary)
        x = concat([primary, relu(cheap)])[:, :, :, :filters]
    return classify(image, x)


def split_and_gate():
    """One half of the channels gates the other; then unequal parts go different ways."""
    image = keras.Input(IMAGE)
    a, b = split(conv_bn(image, 12), 2)
    x = a * sigmoid(b)
    c, d = split(layers.Conv2D(10, 3)(x), [4, 6] if LEGACY else [4])
    x = concat([layers.Conv2D(5, 3, padding="same")(c), d])
    x = x - mean(x, (1, 2), keepdims=True) * 0.5
    x = mean(x[:, 1:-1, 1:, ...], (1, 2))
    return keras.Model(image, layers.Dense(3)(reshape(x, (-1, 11))))


def padded_shortcut():
    """ResNet's shortcut without parameters: fewer pixels, and zeros for the channels that are missing."""
    image = keras.Input(IMAGE)
    x = conv_bn(image, 6)
    y = conv_bn(conv_bn(x, 10, strides=2), 10, activation=None)
    return classify(image, relu(y + pad(x[:, ::2, ::2], 2)))


def folded():
    """Reshape and transpose by raw functions, a batch size that is read from a tensor, squeezed axes."""
    image = keras.Input(IMAGE)
    x = conv_bn(image, 8)
    x = transpose(reshape_with_batch(x, (12, 12, 2, 4)), (0, 1, 2, 4, 3))
    x = layers.Conv2D(6, 3)(reshape(x, (-1, 12, 12, 8)))
    x = squeeze(layers.GlobalMaxPooling2D(keepdims=True)(pool_and_resize(x, (7, 7))), (1, 2))
    return keras.Model(image, layers.Dense(3)(maximum(x, 0.1)))


def sequential():
    return keras.Sequential(
        [
            keras.Input(IMAGE),
            layers.Conv2D(8, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Conv2D(6, 3),
            layers.BatchNormalization(),
            layers.Flatten(),
            layers.Dense(5),
        ]
    )


def nested():
    """A sequential model and a functional one in another, one of them in use twice."""
    inner_input = keras.Input((6, 6, 8))
    inner = keras.Model(inner_input, layers.Add()([inner_input, conv_bn(inner_input, 8)]), name="inner")
    stem = keras.Sequential([keras.Input(IMAGE), layers.Conv2D(8, 3, 2, "same"), layers.ReLU()], name="stem")
    image = keras.Input(IMAGE)
    x = inner(stem(image), training=False)
    return classify(image, layers.Conv2D(5, 3)(inner(x)))


def nested_pair():
    """An inner model with two inputs and two outputs, called with crossed and repeated tensors."""
    a, b = keras.Input((5,)), keras.Input((6,))
    x = layers.Dense(6, activation="relu")(layers.Concatenate()([a, b]))
    pair = keras.Model([a, b], [layers.Dense(5)(x), layers.Add()([x, b])], name="pair")
    y = keras.Input((4,))
    first, second = pair([layers.Dense(5)(y), layers.Dense(6)(y)])
    third, fourth = pair([first, second])
    return keras.Model(y, [layers.Dense(2)(third), layers.Dense(3)(layers.Concatenate()([fourth, first]))])


def nested_twice():
    """A functional model in a sequential one in a functional one."""
    x = keras.Input((5,))
    core = keras.Model(x, layers.Dense(7, activation="relu")(x), name="core")
    middle = keras.Sequential([keras.Input((6,)), layers.Dense(5), core, layers.Dense(4)], name="middle")
    y = keras.Input((9,))
    return keras.Model(y, layers.Dense(3)(middle(layers.Dense(6)(y))))


def shared():
    """A layer that two branches use."""
    image = keras.Input(IMAGE)
    conv, narrow = layers.Conv2D(8, 3, padding="same", activation="relu"), layers.Conv2D(6, 1)
    x = conv(image)
    a, b = narrow(x), narrow(layers.Conv2D(8, 3, padding="same")(x))
    return classify(image, layers.Concatenate()([a, b]))


def siamese():
    left, right = keras.Input(IMAGE, name="left"), keras.Input(IMAGE, name="right")
    tower = keras.Sequential(
        [keras.Input(IMAGE), layers.Conv2D(6, 3), layers.BatchNormalization(), layers.GlobalMaxPooling2D()]
    )
    x = layers.Concatenate()([tower(left), tower(right)])
    return keras.Model([left, right], layers.Dense(2)(x))


def inputs_and_outputs():
    """Two inputs by name, two outputs, one of them from the middle of the network."""
    image, vector = keras.Input(IMAGE, name="image"), keras.Input((5,), name="vector")
    x = layers.GlobalAveragePooling2D()(conv_bn(image, 8))
    y = layers.Dense(8, activation="relu")(vector)
    x = layers.Concatenate()([x, y])
    hidden = layers.Dense(6, activation="relu", name="hidden")(x)
    return keras.Model(
        {"image": image, "vector": vector}, {"hidden": hidden, "top": layers.Dense(3, name="top")(hidden)}
    )


def transformer():
    """An encoder block: heads and hidden units can go, the stream cannot, whose channels layer normalisation mixes."""
    tokens = keras.Input((6, 8))
    x = layers.Dense(8)(tokens)
    x = layers.LayerNormalization()(layers.Add()([x, layers.MultiHeadAttention(2, 4)(x, x)]))
    y = layers.Dense(8)(layers.Dense(16, activation="relu")(x))
    return keras.Model(tokens, layers.Dense(3)(layers.Flatten()(layers.Add()([x, y]))))


def unknown_layer():
    image = keras.Input(IMAGE)
    x = layers.Conv2D(6, 3, name="before")(conv_bn(image, 8))
    x = layers.Lambda(lambda t: t[..., ::-1], output_shape=(10, 10, 6), name="backwards")(x)
    return classify(image, conv_bn(x, 8))


def words():
    """A sentence of numbers, 0 for padding, as vectors; made of what every network is given."""
    x = keras.Input((7,))
    numbers = layers.Discretization([-1.0, -0.5, 0.0, 0.5, 1.0])(x)
    return x, layers.Embedding(6, 8, mask_zero=True, name="embedding")(numbers)


def recurrent():
    """One kind of recurrent layer after the other, the states of the first beside the outputs of the last."""
    x, h = words()
    h, long, short = layers.LSTM(6, return_sequences=True, return_state=True, name="lstm")(h)
    h = layers.GRU(6, return_sequences=True, name="gru")(h)
    h = layers.GRU(5, return_sequences=True, reset_after=False, use_bias=False, go_backwards=True, name="plain_gru")(h)
    h = layers.SimpleRNN(5, name="rnn")(h)
    h = layers.Concatenate()([h, layers.Multiply()([long, short])])
    return keras.Model(x, layers.Dense(3, name="classes")(h))


def bidirectional():
    x, h = words()
    h = layers.Bidirectional(layers.LSTM(6, return_sequences=True), name="joined")(h)
    backward = layers.GRU(5, go_backwards=True)
    h = layers.Bidirectional(layers.GRU(5), "sum", backward_layer=backward, name="added")(h)
    return keras.Model(x, layers.Dense(3, name="classes")(h))


def attention():
    """Attention within one sequence and to another; the residual stream is normalised, so that it keeps its size."""
    x, h = words()
    h = layers.Add()([h, layers.MultiHeadAttention(4, 3, name="own")(h, h, use_causal_mask=True)])
    h = layers.LayerNormalization()(h)
    hidden = layers.Dense(12, activation="gelu", name="hidden")(h)
    h = layers.Add()([h, layers.Dense(8, name="back")(hidden)])
    image = keras.Input((6, 6, 2))
    keys = layers.Reshape((16, 6))(layers.Conv2D(6, 3, name="keys")(image))
    values = layers.Dense(5, name="values")(keys)
    cross = layers.MultiHeadAttention(3, 2, value_dim=4, use_bias=False, output_shape=7, name="cross")
    h = layers.GlobalAveragePooling1D()(cross(h, values, keys))
    return keras.Model([x, image], layers.Dense(3, name="classes")(h))


def capsules(**options):
    """Two routed layers, the weights large enough for lengths that differ."""

    def dense(count, dim, name):
        start = keras.initializers.RandomNormal(stddev=0.7)
        return CapsuleDense(count, dim, kernel_initializer=start, name=name, **options)

    image = keras.Input((12, 12, 1))
    x = layers.Conv2D(8, 3, activation="relu")(image)
    u = primary_capsules(x, types=5, dim=4, kernel_size=4, strides=3)
    v = dense(6, 5, "hidden_caps")(u)
    return keras.Model(image, CapsuleLength()(dense(3, 4, "class_caps")(v)))


def selected_capsules():
    """Single input capsules of a network are gone already; its types may go as well."""
    image = keras.Input((12, 12, 1))
    u = primary_capsules(image, types=5, dim=4, kernel_size=4, strides=4)
    u = CapsuleSelect([0, 1, 2, 3, 4, 8, 9, 11, 17, 20, 31, 33, 44], name="select")(u)
    start = keras.initializers.RandomNormal(stddev=0.7)
    return keras.Model(image, CapsuleLength()(CapsuleDense(3, 4, kernel_initializer=start, name="class_caps")(u)))


def capsule_head():
    image = keras.Input(IMAGE)
    x = conv_bn(conv_bn(image, 8, strides=2), 20, strides=2)
    return models.capsule_head(keras.Model(image, x), 4, caps_dim=4, class_caps_dim=6)


def capsnet():
    """The paper's topology and decoder in small."""
    from tfcaps.layers import CapsuleMask, decoder

    image, label = keras.Input((12, 12, 1), name="image"), keras.Input((3,), name="label")
    x = layers.Conv2D(8, 3, activation="relu")(image)
    u = primary_capsules(x, types=4, dim=4, kernel_size=4, strides=3)
    v = CapsuleDense(3, 6)(u)
    restored = decoder(CapsuleMask()([v, label]), (12, 12, 1), (10, 12))
    return keras.Model([image, label], [CapsuleLength(name="lengths")(v), restored])


MODELS = {
    "attention": attention,
    "autoencoder": autoencoder,
    "bidirectional": bidirectional,
    "capsnet": capsnet,
    "capsule_head": capsule_head,
    "capsules": capsules,
    "capsules_with_bias": lambda: capsules(use_bias=True),
    "densenet": densenet,
    "folded": folded,
    "ghost": ghost,
    "inception": inception,
    "inputs_and_outputs": inputs_and_outputs,
    "micro": lambda: models.build("micro"),
    "mobilenet_v1": mobilenet_v1,
    "mobilenet_v2": mobilenet_v2,
    "mobilenet_v3": mobilenet_v3,
    "nested": nested,
    "nested_pair": nested_pair,
    "nested_twice": nested_twice,
    "one_dimensional": one_dimensional,
    "padded_shortcut": padded_shortcut,
    "q7_cifar10": lambda: models.build("q7_cifar10"),
    "q7_mnist": lambda: models.build("q7_mnist"),
    "q7_smallnorb": lambda: models.build("q7_smallnorb"),
    "recurrent": recurrent,
    "resnet_v1": resnet_v1,
    "resnet_v2": resnet_v2,
    "resnext": resnext,
    "selected_capsules": selected_capsules,
    "sequential": sequential,
    "shared": shared,
    "shuffle": shuffle,
    "siamese": siamese,
    "spatial_attention": spatial_attention,
    "split_and_gate": split_and_gate,
    "tiny": lambda: models.build("tiny"),
    "transformer": transformer,
    "unet": unet,
    "unknown_layer": unknown_layer,
    "vgg": vgg,
}
