"""Hits to look at: their pictures, a contact sheet, a page.

pictures   a hit → its original, or the color map of its row
sheet      hits → one image file
page       hits → one HTML file
"""
