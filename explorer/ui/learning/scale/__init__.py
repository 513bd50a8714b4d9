"""The Learning page's part on scale and normalisation."""
