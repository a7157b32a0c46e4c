"""The network: edit this file to bring your own.

Training, export and everything after work with any Keras model that takes images [batch][height][width] and gives ten
logits. Data and training are not its concern.
"""

import keras

from model.dataset import CLASSES
from model.hyperparameters import Hyperparameters


def build(height: int, width: int, hyperparameters: Hyperparameters) -> keras.Model:
    """The Keras MNIST quickstart's network, for images of any size.

    Input [batch][height][width] float32 in [0, 1]; output [batch][10] logits. Its initial weights come from
    Keras' global seed.
    """
    return keras.Sequential(
        [
            keras.layers.Input((height, width), name="image"),
            keras.layers.Flatten(name="flatten"),
            keras.layers.Dense(hyperparameters.hidden_units, activation="relu", name="hidden"),
            keras.layers.Dropout(hyperparameters.dropout, name="dropout"),
            keras.layers.Dense(CLASSES, name="logits"),
        ],
        name="quickstart",
    )
