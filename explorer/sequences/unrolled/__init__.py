"""A recurrent network laid out in time: one step in numbers, its weights as one matrix, its input as a look-up."""
