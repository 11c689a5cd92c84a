"""Tests of facts about matter."""
