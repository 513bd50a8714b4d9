"""A small GAN on handwritten digits: walks through its numbers, learned by heart or not, and a digit inverted."""
