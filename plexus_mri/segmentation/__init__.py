"""Finding nerves in the image without weights, or taking the mask of the user."""
