"""The Generators page's part on layers that make maps larger."""
