"""Folders → rows."""
