"""Keeping an archive sound: what `verify` checks."""
