"""What the maps of a layer are made of: a few concepts, where each is, and which classes it speaks for."""

from explorer.saliency.concepts.deep_feature_factorization import Factors, factorize
from explorer.saliency.concepts.naming import LEAST, Concepts, find_concepts

__all__ = ["LEAST", "Concepts", "Factors", "factorize", "find_concepts"]
