"""What a map of a layer looks for: an input grown from noise, beside the patches of real pictures."""
