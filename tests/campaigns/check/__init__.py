"""Tests of the campaign check."""
