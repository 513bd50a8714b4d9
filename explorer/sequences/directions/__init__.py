"""Names in a sentence, found by networks that read it from the front, from the back, or both ways."""
