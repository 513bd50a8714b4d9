"""The part "Fool it" of the Saliency page."""
