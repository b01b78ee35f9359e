"""Figures of what the project promises, each a ratio of two things measured side by side in one run."""
