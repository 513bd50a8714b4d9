"""Charts of the Generators page."""
