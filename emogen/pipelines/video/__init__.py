"""A video and an emotion track -> moving pictures that feel like it."""
