"""The Generators page's part on a GAN of digits and its z."""
