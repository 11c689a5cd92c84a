"""From recipes to tasks, times and instruments."""
