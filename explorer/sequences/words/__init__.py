"""Vectors of words: a table with a row for each, which is looked up, frozen or learned."""
