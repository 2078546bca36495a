"""A policy server for CPUs: OpenAI-compatible, and the same text for the same seed whatever else it is doing."""
