"""Scale: two columns, which cells share a mean, both modes, running averages, and PyTorch's beside them."""
