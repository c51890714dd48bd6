"""The camera: a street picture in, its segmentation and what it says about the traffic out."""
