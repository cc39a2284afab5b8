"""What codecs are built from: quantizers, transforms, sparse codes, entropy coding."""
