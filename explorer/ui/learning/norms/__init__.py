"""The views on normalisation, of the part on scale and batch norm."""
