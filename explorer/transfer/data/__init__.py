"""Pictures to learn from: where they come from, what they are, how they are split."""
