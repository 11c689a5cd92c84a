"""Tests of what was wanted and what happened."""
