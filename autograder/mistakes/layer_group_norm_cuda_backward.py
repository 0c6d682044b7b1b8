"""Wrong kernels of layer norm's backward: sums over programs."""

from __future__ import annotations

from functools import partial

from autograder.mistakes import Mistake
from autograder.mistakes.layer_group_norm_cuda import LOW, WHO
from autograder.mistakes.layer_group_norm_cuda_gradients import DX

DX_HAT = "dx_hat = dout * gamma"
SUMS = "dgamma, dbeta = buffer(x, programs, D), buffer(x, programs, D)"
ONE_ROW = "dgamma, dbeta = buffer(x, 1, D).zero_(), buffer(x, 1, D).zero_()"
STORES = """    tl.store(dgamma_ptr + program * D + at, dgamma, mask=inside)
    tl.store(dbeta_ptr + program * D + at, dbeta, mask=inside)
"""
CALLS = """    dgamma = column_sums(dgamma, gamma.dtype)
    dbeta = column_sums(dbeta, gamma.dtype)
"""
READ_ADD_WRITE = """    dgamma += tl.load(dgamma_ptr + at, mask=inside)
    tl.store(dgamma_ptr + at, dgamma, mask=inside)
    dbeta += tl.load(dbeta_ptr + at, mask=inside)
    tl.store(dbeta_ptr + at, dbeta, mask=inside)
"""

ORDER = "Run it twice. In which order do the programs arrive, and must it be the same?"
MANY = "The values are right here, one program after another. And at the same time?"
SHARE = "Follow one row through the programs: who adds it up, and where is that kept?"


_backward = partial(Mistake, "cuda_layernorm_backward")

_SHARED = [
    _backward(
        "rows left over skipped",
        "Share 37 rows among 5 programs. How many rows does each get?",
        (("triton.cdiv(N, programs)", "N // programs"),),
        caught_by="unwritten",
    ),
    _backward(
        "no check that a row exists",
        "Share 37 rows among 5 programs. Which row does the last one ask for last?",
        (("here = inside & (row < N)", "here = inside"),),
        caught_by="outside",
    ),
    _backward(
        "every program starts one row later",
        SHARE,
        (("program * rows_each + i", "program + i"),),
    ),
    _backward(
        "sums of the last row alone",
        SHARE,
        (
            ("dgamma += dout * x_hat", "dgamma = dout * x_hat"),
            ("dbeta += dout", "dbeta = dout"),
        ),
    ),
    _backward(
        "the last program's sums lost",
        SHARE,
        (
            ("column_sums(dgamma,", "column_sums(dgamma[:-1],"),
            ("column_sums(dbeta,", "column_sums(dbeta[:-1],"),
        ),
    ),
    _backward(
        "sums of one program alone",
        SHARE,
        (
            ("column_sums(dgamma,", "column_sums(dgamma[:1],"),
            ("column_sums(dbeta,", "column_sums(dbeta[:1],"),
        ),
    ),
    _backward(
        "partial sums stored in 16 bits",
        "The sums of two programs may nearly cancel. How many digits must they have?",
        (
            (
                SUMS,
                "dgamma = torch.empty(programs, D, dtype=x.dtype, device=x.device)\n"
                "    dbeta = torch.empty_like(dgamma)",
            ),
        ),
    ),
    _backward(
        "sums kept in 16 bits",
        "Add 0.001 to 8 in float16, a hundred times. What comes out?",
        (
            (
                "    dgamma = tl.zeros((BLOCK,), COMPUTE)\n"
                "    dbeta = tl.zeros((BLOCK,), COMPUTE)",
                f"    {LOW}dgamma = tl.zeros((BLOCK,), low)\n"
                "    dbeta = tl.zeros((BLOCK,), low)",
            ),
            ("dgamma += dout * x_hat", "dgamma += (dout * x_hat).to(low)"),
            ("dbeta += dout", "dbeta += dout.to(low)"),
        ),
    ),
    _backward(
        "atomics",
        ORDER,
        (
            (SUMS, ONE_ROW),
            (
                STORES,
                "    tl.atomic_add(dgamma_ptr + at, dgamma, mask=inside)\n"
                "    tl.atomic_add(dbeta_ptr + at, dbeta, mask=inside)\n",
            ),
        ),
        caught_by="order",
    ),
    _backward(
        "all programs read, add and write the same sums",
        MANY,
        ((SUMS, ONE_ROW), (STORES, READ_ADD_WRITE)),
        caught_by="race",
    ),
    _backward(
        "sums under a lock, and no barrier",
        "Other threads of a program may still write when one of them opens the lock. "
        "And does the order of the sums still depend on who comes first?",
        (
            (SUMS, f"{ONE_ROW}\n    lock = mean.new_zeros(1, dtype=torch.int32)"),
            ("dx, dgamma, dbeta,\n", "dx, dgamma, dbeta, lock,\n"),
            (
                "    dx_ptr, dgamma_ptr, dbeta_ptr,\n",
                "    dx_ptr, dgamma_ptr, dbeta_ptr, lock,\n",
            ),
            (
                STORES,
                "    while tl.atomic_cas(lock, 0, 1) == 1:\n        pass\n"
                f"{READ_ADD_WRITE}"
                "    tl.atomic_xchg(lock, 0)\n",
            ),
        ),
        caught_by="barrier",
    ),
]

MISTAKES = [
    *_SHARED,
    _backward(
        "no mask at the tail",
        "Which places does a program touch when D is 37 and the block 64?",
        (
            ("here = inside & (row < N)", "here = row < N"),
            ("mask=inside, other=0.0", "mask=None"),
            ("dgamma, mask=inside", "dgamma"),
            ("dbeta, mask=inside", "dbeta"),
        ),
        caught_by="outside",
    ),
    _backward(
        "N in place of D",
        "How many numbers stand behind each mean?",
        ((") / D\n", ") / N\n"),),
    ),
    _backward(
        "gamma taken out of the row sums",
        "Is gamma one number for all terms of your sum? Try a gamma that varies.",
        ((DX_HAT, "dx_hat = dout"), (DX, DX.replace("rstd", "gamma * rstd"))),
    ),
    _backward(
        "gamma missing in dx",
        "Double gamma. What happens to dx?",
        ((DX_HAT, "dx_hat = dout"),),
    ),
    _backward(
        "dgamma uses x in place of x_hat",
        "What is gamma multiplied with in the forward?",
        (("dgamma += dout * x_hat", "dgamma += dout * x"),),
    ),
    _backward(
        "dgamma scaled by gamma",
        "Does dgamma depend on gamma? Look at the forward's last line.",
        (("dgamma += dout * x_hat", "dgamma += dx_hat * x_hat"),),
    ),
    _backward(
        "dgamma and dbeta averaged over the rows",
        "Where does a division come from in dgamma and dbeta?",
        (
            ("dgamma += dout * x_hat", "dgamma += dout * x_hat / N"),
            ("dbeta += dout", "dbeta += dout / N"),
        ),
    ),
    _backward(
        "more bytes moved than needed",
        "Is anything as large as x loaded or stored twice? Count your buffers, too.",
        (
            (
                "dgamma += dout * x_hat",
                "x = tl.load(x_ptr + place, mask=here, other=0.0).to(COMPUTE)\n"
                "        dgamma += dout * (x - mean) * rstd",
            ),
        ),
        caught_by="traffic",
    ),
    _backward(
        "torch in place of kernels",
        WHO,
        (
            (
                "    layernorm_backward_kernel[(programs,)](\n"
                "        dout, x, gamma, mean, rstd, dx, dgamma, dbeta,\n"
                "        N, D, rows_each, triton.next_power_of_2(D), "
                "compute_dtype(x),\n    )\n" + CALLS,
                "    x_hat = (x.to(mean.dtype) - mean[:, None]) * rstd[:, None]\n"
                "    dx_hat = (dout * gamma).to(mean.dtype)\n"
                "    dx = dx_hat - dx_hat.mean(1, keepdim=True)\n"
                "    dx = dx - x_hat * (dx_hat * x_hat).mean(1, keepdim=True)\n"
                "    dx = (rstd[:, None] * dx).to(x.dtype)\n"
                "    dgamma = (dout * x_hat).sum(0).to(gamma.dtype)\n"
                "    dbeta = dout.sum(0).to(gamma.dtype)\n",
            ),
        ),
        caught_by="launch",
    ),
]
