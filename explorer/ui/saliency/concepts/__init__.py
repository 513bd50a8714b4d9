"""The part "Concepts": what the maps of a layer are made of, as coloured regions with names."""
