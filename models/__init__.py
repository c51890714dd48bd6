"""Keras models: features, architectures, training, evaluation and their artifacts."""
