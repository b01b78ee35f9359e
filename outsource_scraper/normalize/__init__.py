"""Raw text to typed values, by pure functions: unknown gives None, and nothing raises."""
