"""Decoders: image embedding and color map → pixels, one module per family."""
