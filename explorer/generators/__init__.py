"""A picture squeezed through a few numbers, and pictures made from none."""
