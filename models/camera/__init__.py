"""The camera's model: a U-Net that says for each pixel of a street picture what it is."""
