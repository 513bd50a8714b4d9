"""The Saliency page."""
