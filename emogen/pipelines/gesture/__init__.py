"""Speech and an emotion -> body motion."""
