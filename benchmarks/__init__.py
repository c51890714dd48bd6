"""Speed and size, each figure beside a plain baseline measured in the same run: ``make bench``."""
