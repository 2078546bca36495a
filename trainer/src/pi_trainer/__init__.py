"""Supervised fine-tuning and CPU serving of π-loop policies."""
