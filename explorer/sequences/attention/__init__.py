"""Dates in many formats, written as ISO dates by an encoder and a decoder with attention, and by one without."""
