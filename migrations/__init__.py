"""The history of the tables. `archive.store.database` runs it, wherever the package is installed."""
