"""The networks: a small U-Net that two processor cores can train, and one with a VGG16 encoder.

After Ronneberger et al., "U-Net" (2015), and Simonyan and Zisserman, "Very deep
convolutional networks" (2015).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import keras

INPUT_SIZE: Final = 256
# Channels at each halving of the picture; the first is at half its size.
WIDTHS: Final = (24, 48, 96, 160)
# Residual blocks at each of them: most where a step costs least and sees most.
_BLOCKS: Final = (0, 1, 2, 2)
# Channels beside the upsampled ones at full size: enough to place edges.
_EDGE_WIDTH: Final = 12
_DROPOUT: Final = 0.2
_VGG_SKIPS: Final = ("block1_conv2", "block2_conv2", "block3_conv3", "block4_conv3")
_VGG_BOTTOM: Final = "block5_conv3"
_VGG_DECODER_WIDTHS: Final = (32, 64, 96, 128)


def build_unet(classes: int, size: int = INPUT_SIZE, widths: tuple[int, ...] = WIDTHS) -> Any:
    """The small U-Net: residual encoder, skips, bilinear upsampling.

    Parameters
    ----------
    classes : int
        Channels of the output.
    size : int
        Side of the square input, a multiple of 2 to the number of widths.
    widths : tuple of int
        Channels at each halving.

    Returns
    -------
    keras.Model
        (size, size, 3), scaled, to (size, size, classes), the shares of each class summing to 1.
    """
    picture = keras.Input((size, size, 3), name="picture")
    edges = _convolved(picture, _EDGE_WIDTH)
    hidden, skips = edges, []
    for width, blocks in zip(widths, _BLOCKS, strict=False):
        skips.append(hidden)
        hidden = _convolved(hidden, width, stride=2)
        for _ in range(blocks):
            hidden = _residual(hidden, width)
    hidden = _with_context(hidden)
    hidden = keras.layers.SpatialDropout2D(_DROPOUT)(hidden)
    for skip in reversed(skips):
        hidden = _merged(hidden, skip, max(int(skip.shape[-1]), 16))
    return keras.Model(picture, _shares(hidden, classes), name="street_unet")


def build_vgg16_unet(
    classes: int, size: int = INPUT_SIZE, encoder_weights: Path | None = None
) -> Any:
    """A U-Net whose encoder is VGG16, its five blocks as they are.

    Parameters
    ----------
    classes, size
        As for :func:`build_unet`; the size is a multiple of 16.
    encoder_weights : Path, optional
        A local ``.weights.h5`` or ``.h5`` file of VGG16 without its top; random
        weights without. Nothing is ever downloaded.

    Returns
    -------
    keras.Model
    """
    picture = keras.Input((size, size, 3), name="picture")
    encoder = keras.applications.VGG16(include_top=False, weights=None, input_tensor=picture)
    if encoder_weights is not None:
        encoder.load_weights(encoder_weights)
    hidden = keras.layers.SpatialDropout2D(_DROPOUT)(encoder.get_layer(_VGG_BOTTOM).output)
    skips = [encoder.get_layer(name).output for name in _VGG_SKIPS]
    for skip, width in zip(reversed(skips), reversed(_VGG_DECODER_WIDTHS), strict=True):
        hidden = _merged(hidden, skip, width)
    return keras.Model(picture, _shares(hidden, classes), name="street_vgg16_unet")


def _convolved(hidden: Any, width: int, stride: int = 1, kernel: int = 3) -> Any:
    hidden = keras.layers.Conv2D(
        width,
        kernel,
        strides=stride,
        padding="same",
        use_bias=False,
        kernel_initializer="he_normal",
    )(hidden)
    hidden = keras.layers.BatchNormalization(momentum=0.95)(hidden)
    return keras.layers.Activation("relu")(hidden)


def _residual(hidden: Any, width: int) -> Any:
    change = _convolved(hidden, width)
    change = keras.layers.Conv2D(
        width, 3, padding="same", use_bias=False, kernel_initializer="he_normal"
    )(change)
    # Starts as nothing: the block begins as if it were not there.
    change = keras.layers.BatchNormalization(momentum=0.95, gamma_initializer="zeros")(change)
    return keras.layers.Activation("relu")(keras.layers.Add()([hidden, change]))


def _with_context(hidden: Any) -> Any:
    """What the whole picture is like, told to every place of it."""
    width = int(hidden.shape[-1])
    whole = keras.layers.GlobalAveragePooling2D(keepdims=True, name="whole_picture")(hidden)
    whole = keras.layers.Conv2D(width, 1)(whole)
    return keras.layers.Activation("relu")(keras.layers.Add()([hidden, whole]))


def _merged(hidden: Any, skip: Any, width: int) -> Any:
    # Narrowed before it is enlarged: a quarter of the work.
    hidden = _convolved(hidden, width, kernel=1)
    hidden = keras.layers.UpSampling2D(2, interpolation="bilinear")(hidden)
    return _convolved(keras.layers.Concatenate()([hidden, skip]), width)


def _shares(hidden: Any, classes: int) -> Any:
    scores = keras.layers.Conv2D(classes, 1, name="scores")(hidden)
    # In 32 bits whatever the rest computes in: small shares matter.
    return keras.layers.Softmax(name="shares", dtype="float32")(scores)
