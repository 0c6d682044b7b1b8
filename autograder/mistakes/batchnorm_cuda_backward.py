"""Wrong kernels for the gradients of batch norm."""

from __future__ import annotations

from autograder.mistakes import Mistake

NAME = "cuda_batchnorm_backward"

X_HAT = "x_hat = (x - tl.load(mean_ptr + c)) * tl.load(rstd_ptr + c)"
COUNT = "count = tl.num_programs(1) * HW"
DX = "dx = gamma * rstd * (dout - mean_dout - x_hat * mean_product)"
STORE_SUM = "tl.store(sum_ptr + part, tl.sum(dout, axis=0))"
STORE_PRODUCT = "tl.store(product_ptr + part, tl.sum(dout * x_hat, axis=0))"
PART = "part = c * parts + n * tl.num_programs(0) + piece"

ONE_PLACE = (
    ("parts = N * pieces", "parts = 1"),
    ("sums = torch.empty((C, parts)", "sums = torch.zeros((C, parts)"),
    ("products = torch.empty_like(sums)", "products = torch.zeros_like(sums)"),
)

ADDED_PLAINLY = """old = tl.load(sum_ptr + c)
    tl.store(sum_ptr + c, old + tl.sum(dout, axis=0))"""

AGAIN = f"""again = tl.load(x_ptr + plane + at, mask=inside).to(COMPUTE)
    {DX.replace("x_hat", "(again - tl.load(mean_ptr + c)) * rstd")}"""

SUMS_BY_TORCH = """    dbeta_sum = dout.to(mean.dtype).sum((0, 2, 3))
    dx = torch.empty_like(x)
"""

BY_TORCH = """    wide, exact = dout.to(mean.dtype), x.to(mean.dtype)
    x_hat = (exact - mean[:, None, None]) * rstd[:, None, None]
    dbeta, dgamma = wide.sum((0, 2, 3)), (wide * x_hat).sum((0, 2, 3))
    ways = dbeta[:, None, None] + x_hat * dgamma[:, None, None]
    factor = (gamma * rstd)[:, None, None]
    dx = factor * (wide - ways / (N * H * W))
    return dx.to(x.dtype), dgamma.to(gamma.dtype), dbeta.to(gamma.dtype)
    HW = H * W
"""


def _wrong(
    name: str, hint: str, *edits: tuple[str, str], caught_by: str = "values"
) -> Mistake:
    return Mistake(NAME, name, hint, edits, caught_by)


MISTAKES = [
    _wrong(
        "1/N in place of 1/(N H W)",
        "How many numbers stand behind each mean of a channel?",
        (COUNT, "count = tl.num_programs(1)"),
    ),
    _wrong(
        "1/(H W) in place of 1/(N H W)",
        "How many numbers stand behind each mean of a channel?",
        (COUNT, "count = HW"),
    ),
    _wrong(
        "sums not divided",
        "Two of the three terms of dx are means. Means of how many numbers?",
        (COUNT, "count = 1"),
    ),
    _wrong(
        "mean treated as constant",
        "Add 1 to all numbers of a channel. What changes in the output, and "
        "what does your dx say?",
        (DX, "dx = gamma * rstd * (dout - x_hat * mean_product)"),
    ),
    _wrong(
        "variance treated as constant",
        "Stretch a channel by 1 %. What changes in the output, and what does "
        "your dx say?",
        (DX, "dx = gamma * rstd * (dout - mean_dout)"),
    ),
    _wrong(
        "mean and variance treated as constants",
        "By how many ways does one x reach the outputs of its channel?",
        (DX, "dx = gamma * rstd * dout"),
    ),
    _wrong(
        "one way added in place of subtracted",
        "What is the sum of dx times x_hat over a channel, for a small eps?",
        (DX, "dx = gamma * rstd * (dout - mean_dout + x_hat * mean_product)"),
    ),
    _wrong(
        "gamma missing in dx",
        "Gamma twice as large: what happens to the output, and to dx?",
        (DX, "dx = rstd * (dout - mean_dout - x_hat * mean_product)"),
    ),
    _wrong(
        "gamma in one term of dx alone",
        "Which terms of dx come after gamma on the way back?",
        (DX, "dx = rstd * (gamma * dout - mean_dout - x_hat * mean_product)"),
    ),
    _wrong(
        "rstd missing in dx",
        "Measure x in millimetres in place of metres. What happens to dx?",
        (DX, "dx = gamma * (dout - mean_dout - x_hat * mean_product)"),
    ),
    _wrong(
        "dgamma without rstd",
        "What does gamma multiply in the forward pass?",
        (X_HAT, "x_hat = x - tl.load(mean_ptr + c)"),
    ),
    _wrong(
        "dgamma from x in place of x_hat",
        "What does gamma multiply in the forward pass?",
        (STORE_PRODUCT, STORE_PRODUCT.replace("x_hat", "x")),
    ),
    _wrong(
        "divided by rstd",
        "The r of rstd: is it the standard deviation?",
        (X_HAT, "x_hat = (x - tl.load(mean_ptr + c)) / tl.load(rstd_ptr + c)"),
        (
            "x_hat = (x - tl.load(mean_ptr + c)) * rstd",
            "x_hat = (x - tl.load(mean_ptr + c)) / rstd",
        ),
    ),
    _wrong(
        "dgamma and dbeta swapped",
        "Which of the two belongs to the sum of dout alone?",
        ("return dx, dgamma, dbeta", "return dx, dbeta, dgamma"),
    ),
    _wrong(
        "dbeta as a mean of the parts",
        "Dbeta is a sum over all numbers of a channel. What is yours?",
        ("tl.store(dbeta_ptr + c, dbeta)", "tl.store(dbeta_ptr + c, dbeta / parts)"),
    ),
    _wrong(
        "gamma taken by image",
        "Gamma has one number for each channel. With what is it indexed?",
        ("tl.load(gamma_ptr + c)", "tl.load(gamma_ptr + n % C)"),
    ),
    _wrong(
        "N and C mixed in the offset",
        "x is contiguous as (N, C, H, W). How many planes lie before channel c "
        "of image n?",
        (
            "(n.to(tl.int64) * C + c) * HW",
            "(c.to(tl.int64) * tl.num_programs(1) + n) * HW",
        ),
    ),
    _wrong(
        "no mask at the tail",
        "A plane of 35 pixels in a block of 64: whose are the last 29 numbers?",
        (", mask=inside, other=0.0).to", ").to"),
        caught_by="outside",
    ),
    _wrong(
        "no mask on dx",
        "Which places does the last program of a plane write?",
        ("at, dx, mask=inside)", "at, dx)"),
        caught_by="outside write",
    ),
    _wrong(
        "the last piece of a plane left out",
        "How many programs take 1,040 pixels, if each takes 1,024?",
        ("triton.cdiv(HW, block)", "max(1, HW // block)"),
    ),
    _wrong(
        "sums of the first image alone",
        "How many parts has a channel, if each image is cut into pieces?",
        ("chunk_sums_kernel[(pieces, N, C)]", "chunk_sums_kernel[(pieces, 1, C)]"),
        ("parts = N * pieces", "parts = pieces"),
    ),
    _wrong(
        "chunks overwrite each other",
        "Several programs have the same channel. Which of them writes last?",
        (PART, "part = c"),
        ("parts = N * pieces", "parts = 1"),
        caught_by="race",
    ),
    _wrong(
        "atomics for the sums",
        "Run it twice on a GPU. In which order do the programs arrive?",
        (STORE_SUM, STORE_SUM.replace("store", "atomic_add").replace("part", "c")),
        (
            STORE_PRODUCT,
            STORE_PRODUCT.replace("store", "atomic_add").replace("part", "c"),
        ),
        *ONE_PLACE,
        caught_by="order",
    ),
    _wrong(
        "added to one place without atomics",
        "Two programs read the old sum at the same time. What does the one "
        "that writes last know of the other?",
        (STORE_SUM, ADDED_PLAINLY),
        (
            STORE_PRODUCT,
            ADDED_PLAINLY.replace("sum_ptr", "product_ptr").replace(
                "tl.sum(dout", "tl.sum(dout * x_hat"
            ),
        ),
        *ONE_PLACE,
        caught_by="race",
    ),
    _wrong(
        "partial sums in the dtype of x",
        "How many digits has a bfloat16? The sum has many parts.",
        ("dtype=mean.dtype", "dtype=x.dtype"),
        ("mask=inside, other=0.0)\n", "mask=inside, other=0.0).to(COMPUTE)\n"),
        (
            "mask=inside, other=0.0\n        )",
            "mask=inside, other=0.0\n        ).to(COMPUTE)",
        ),
    ),
    _wrong(
        "dx always in float32",
        "What dtype does the layer before this one expect?",
        ("dx = torch.empty_like(x)", "dx = torch.empty_like(x, dtype=torch.float32)"),
    ),
    _wrong(
        "dgamma and dbeta always in float32",
        "What dtype has the parameter that they belong to?",
        ("return dx, dgamma, dbeta", "return dx, dgamma_sum, dbeta_sum"),
    ),
    _wrong(
        "float64 computed in float32",
        "float64 has 16 digits. How many are left on the way?",
        ("compute_dtype(x)", "tl.float32"),
    ),
    _wrong(
        "offsets in 32 bits",
        "A program's number has 32 bits, and so has a product with it. Which "
        "element is the last one that it can reach?",
        (".to(tl.int64)", ""),
        caught_by="offsets",
    ),
    _wrong(
        "blocks with less than 16 bytes for a thread",
        "A program runs on 128 threads. How many elements does your block give "
        "to each, and how many does a load of 16 bytes take?",
        ("min(1024,", "min(128,"),
        caught_by="width",
    ),
    _wrong(
        "strides ignored",
        "Print `x.stride()` and `dout.stride()` where one of them is turned. "
        "Where is element 1?",
        ("    dout, x = dout.contiguous(), x.contiguous()\n", ""),
    ),
    _wrong(
        "strides of dout ignored",
        "Print `x.stride()` and `dout.stride()` where one of them is turned. "
        "Where is element 1?",
        ("dout, x = dout.contiguous(), x.contiguous()", "x = x.contiguous()"),
    ),
    _wrong(
        "x read three times",
        "Count the calls of `tl.load` that read x. What is loaded can be used again.",
        (DX, AGAIN),
        caught_by="traffic",
    ),
    _wrong(
        "written into dout",
        "The caller still needs `dout`. Which buffer does your kernel write?",
        ("dx = torch.empty_like(x)", "dx = dout"),
        caught_by="inputs",
    ),
    _wrong(
        "one sum by torch",
        "The values are right. Who computed dbeta?",
        ("    dx = torch.empty_like(x)\n", SUMS_BY_TORCH),
        caught_by="framework",
    ),
    _wrong(
        "torch in place of kernels",
        "The values are right. Who computed them?",
        ("    HW = H * W\n", BY_TORCH),
        caught_by="launch",
    ),
]
