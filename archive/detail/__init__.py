"""Detail codes: which of all pictures that fit a row it was, in bytes that may be cut anywhere."""
