"""The same references, fast: NumPy in blocks that fit a core's cache.

The plain formulas are in ``solutions/``, where students read them. A formula over
whole arrays moves every intermediate result to main memory and back. Here each
block is finished while it is in the cache, so main memory sees about one read and
one write. Tests hold every function to its plain formula and to PyTorch.
"""
