"""One file per platform; what they do alike is in `_base`."""
