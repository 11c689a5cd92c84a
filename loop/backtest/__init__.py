"""Replay of measured tables: which proposer needs the fewest experiments."""
