"""Encoders and decoders: pairs of them, their weights, and how they are loaded and run."""
