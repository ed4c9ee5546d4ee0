"""Pictures by text-to-image models of diffusers."""
