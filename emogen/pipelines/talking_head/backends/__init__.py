"""Photoreal talking heads: video models of diffusers make the pictures, our motion says what the face does."""
