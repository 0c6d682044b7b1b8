"""The percent scripts as a running reference, and exercises as data."""
