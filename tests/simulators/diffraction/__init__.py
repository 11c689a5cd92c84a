"""Tests of the simulated diffractometer."""
