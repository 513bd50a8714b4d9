"""The part "Live" of the Saliency page."""
