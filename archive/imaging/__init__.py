"""Files ⇄ pixels. Pillow's door."""
