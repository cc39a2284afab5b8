"""How well codecs and restorations do, measured."""
