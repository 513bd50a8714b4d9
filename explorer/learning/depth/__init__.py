"""Signal and gradient through up to a hundred layers: measured, in theory, and in training."""
