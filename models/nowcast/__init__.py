"""The nowcast: speeds of the next hour, of every detector or segment, from one Keras model."""
