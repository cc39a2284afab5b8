"""The history of the tables. `archive.store.database` runs it from the installed package."""
