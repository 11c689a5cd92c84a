"""Tests of Athanor."""
