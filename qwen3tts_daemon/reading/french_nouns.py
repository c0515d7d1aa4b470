"""The gender of French nouns, as far as a number needs it."""

