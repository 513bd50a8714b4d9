"""The Generators page's part on a GAN in the plane."""
