"""The usual week of every segment: the distribution of its speed ratio at each hour of the week."""
