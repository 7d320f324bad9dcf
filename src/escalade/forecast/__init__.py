"""Draws, weights from history and evidence, outcomes, claims, belief paths."""
