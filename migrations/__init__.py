"""The history of the tables; `archive.store.database` runs it, from wherever the package is installed."""
