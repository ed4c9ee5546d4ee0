"""Emotion -> original music, as a score and as sound."""
