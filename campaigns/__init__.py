"""What was wanted, what happened, and who approved it."""
