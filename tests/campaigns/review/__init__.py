"""Tests of what a person reads about a campaign."""
