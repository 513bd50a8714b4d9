"""Three ways of making maps larger: what each does to a constant picture, and in a decoder that learns."""
