"""A picture and an emotion -> the picture, felt otherwise."""
