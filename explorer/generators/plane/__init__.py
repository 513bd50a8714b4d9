"""A generator and a discriminator on points of the plane: both players by hand, and the best discriminator there is."""
