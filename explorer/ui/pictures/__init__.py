"""The Pictures page: all of a person's pictures by what a network makes of them."""
