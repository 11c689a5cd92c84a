"""Suites that every implementation of one protocol or store passes."""
