"""The whole way once, with a page to look at."""
