"""From a measured pattern to phase fractions and scores."""
