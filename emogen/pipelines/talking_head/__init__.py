"""Text or a voice, a portrait and an emotion -> a talking face."""
