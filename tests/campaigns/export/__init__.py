"""Tests of exported records."""
