"""A simulated lab: physics and firmware behind the real drivers."""
