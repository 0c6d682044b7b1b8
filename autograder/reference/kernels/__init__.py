"""Fast kernels of the course's operations, in Triton.

They stand beside the readable references of the CUDA notebooks, which they are
checked against. No module of this package is imported here: whoever imports one
imports Triton, and ``TRITON_INTERPRET`` must be set before that.

What holds for all of them: each number is loaded once where the algorithm
allows it, and computed with in float32 (float64 for float64); a variance is
taken from centred numbers; partial results are added up in an order that does not
depend on when programs run, so two runs agree to the last bit; no atomics.
"""
