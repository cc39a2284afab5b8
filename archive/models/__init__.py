"""The two doors to models, and which pairs there are."""
