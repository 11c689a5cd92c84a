"""What is known of reactions beyond one campaign."""
