"""View models and templates of everything a person reads about a campaign."""
