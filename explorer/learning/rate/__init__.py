"""A learning rate that changes over time: on a noisy parabola, on digits, and a sweep of rates."""
