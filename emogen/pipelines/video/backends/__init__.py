"""Films by text-to-video and image-to-video models of diffusers."""
