"""What one unit of the Layers page looks for: an input grown from noise, beside the patches of real pictures."""
