"""Proposers: from campaign history to the next recipes."""
