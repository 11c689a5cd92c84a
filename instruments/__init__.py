"""Instrument protocols, drivers and the description of a lab; knows no campaigns."""
