"""Rows from one codec to another."""
