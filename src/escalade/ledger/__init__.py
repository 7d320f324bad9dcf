"""Recorded forecasts, what came of them, and how well they did."""
