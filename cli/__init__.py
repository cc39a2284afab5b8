"""The command line: commands parse, call and print; what they do is in `archive`."""
