"""Kernels: the library does the work, or the counting is deceived.

The forward ReLU is wrong; all other answers are right.
"""

from autograder.exercises import all_exercises, exercises_of
from tests.faults.fault import ACTIVATIONS, BATCHNORM, Fault

WITHOUT = sum(e.points for e in exercises_of(ACTIVATIONS)) - (
    all_exercises()["cuda_relu_forward"].points
)

COPY = """
@triton.jit
def copy_kernel(a, b, n, BLOCK: tl.constexpr):
    at = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    tl.store(b + at, tl.load(a + at, mask=at < n), mask=at < n)


def through(tmp):
    out = torch.empty_like(tmp)
    n = tmp.numel()
    copy_kernel[(triton.cdiv(n, 1024),)](tmp, out, n, 1024)
    return out


"""
TORCH = "def cuda_relu_forward(x):\n    return torch.relu(x)\n"


def cheat(name: str, what: str, answer: str, points: float = WITHOUT) -> Fault:
    return Fault(
        f"kernels-{name}",
        what,
        points,
        answers={"cuda_relu_forward": answer},
        notebook=ACTIVATIONS,
    )


def tampering(name: str, what: str, answer: str) -> Fault:
    """Beside code that could hide what kernels do, no kernel is graded."""
    return cheat(name, what, answer, 0)


FAULTS = (
    cheat("library-call", "torch.relu in place of a kernel.", TORCH),
    cheat(
        "library-and-kernel",
        "A kernel copies what torch.relu has computed.",
        COPY
        + "def cuda_relu_forward(x):\n    return through(torch.relu(x.contiguous()))\n",
    ),
    cheat(
        "library-by-another-name",
        "The same by methods, masks and products.",
        COPY + "def cuda_relu_forward(x):\n    x = x.contiguous()\n"
        "    return through(x * (x > 0))\n",
    ),
    cheat(
        "numpy",
        "NumPy computes, and a kernel copies.",
        COPY + "import numpy as np\n\n\ndef cuda_relu_forward(x):\n"
        "    values = np.maximum(x.detach().float().numpy(), 0)\n"
        "    return through(torch.from_numpy(values).to(x.dtype))\n",
    ),
    tampering(
        "thread",
        "torch computes in another thread, where nobody looks.",
        COPY + "from concurrent.futures import ThreadPoolExecutor\n\n\n"
        "def cuda_relu_forward(x):\n"
        "    later = ThreadPoolExecutor(1).submit(torch.relu, x.contiguous())\n"
        "    return through(later.result())\n",
    ),
    tampering(
        "watch-switched-off",
        "torch computes while its modes are switched off.",
        COPY + "def cuda_relu_forward(x):\n"
        "    from torch.utils._python_dispatch import _disable_current_modes\n"
        "    with _disable_current_modes():\n"
        "        tmp = torch.relu(x.contiguous())\n"
        "    return through(tmp)\n",
    ),
    tampering(
        "by-address",
        "NumPy computes in torch's memory, and a kernel copies.",
        COPY + "import ctypes\n\nimport numpy as np\n\n\n"
        "def cuda_relu_forward(x):\n"
        "    x = x.contiguous()\n"
        "    tmp = torch.empty_like(x)\n"
        "    size = x.numel() * x.element_size()\n"
        "    ctypes.memmove(tmp.data_ptr(), x.data_ptr(), size)\n"
        "    kinds = {torch.float32: 'f4', torch.float64: 'f8', torch.float16: 'f2'}\n"
        "    raw = (ctypes.c_char * size).from_address(tmp.data_ptr())\n"
        "    a = np.frombuffer(raw, kinds.get(x.dtype, 'i2'))\n"
        "    a[...] = np.where(a > 0, a, 0)\n"
        "    return through(tmp)\n",
    ),
    tampering(
        "patched-observation",
        "What counts launches and bytes is replaced.",
        "import contextlib\n\nimport autograder.student.kernels as kernels\n\n\n"
        "class Watch:\n    def result(self, *outputs):\n"
        "        return kernels.Observation(1, ('k',), 4, 4, 0, 0, 0, ())\n\n\n"
        "@contextlib.contextmanager\ndef observe():\n    yield Watch()\n\n\n"
        "kernels.observe = observe\n\n\n" + TORCH,
    ),
    tampering(
        "observation-left-out",
        "What was seen is taken out of the reply.",
        "import autograder.worker.main as main\n\n"
        "honest = main.outcome_frame\n\n\n"
        "def silent(outcome):\n    header, arrays = honest(outcome)\n"
        "    return {**header, 'measured': {}}, arrays\n\n\n"
        "main.outcome_frame = silent\n\n\n" + TORCH,
    ),
    cheat(
        "patched-launch",
        "A launch is pretended: the class of kernels runs a function of torch.",
        "class Pretended:\n    def __getitem__(self, grid):\n"
        "        return lambda x, out, *rest: out.copy_(torch.relu(x))\n\n\n"
        "relu_forward_kernel = Pretended()\n\n\n"
        "def cuda_relu_forward(x):\n    out = torch.empty_like(x)\n"
        "    relu_forward_kernel[(1,)](x, out)\n    return out\n",
    ),
    tampering(
        "patched-interpreter",
        "The interpreter's memory is replaced, so that no byte is counted.",
        COPY + "from triton.runtime import interpreter\n\n\n"
        "def cuda_relu_forward(x):\n    x = x.contiguous()\n"
        "    watched = interpreter._interpreter\n"
        "    interpreter._interpreter = getattr(watched, '_real', watched)\n"
        "    out = through(through(through(x)))\n"
        "    interpreter._interpreter = watched\n"
        "    return out * (out > 0)\n",
    ),
    cheat(
        "reads-three-times",
        "A right kernel that reads its input three times.",
        COPY + "def cuda_relu_forward(x):\n    x = x.contiguous()\n"
        "    out = torch.empty_like(x)\n    n = x.numel()\n"
        "    relu3[(triton.cdiv(n, 1024),)](x, out, n, 1024)\n    return out\n\n\n"
        "@triton.jit\ndef relu3(a, b, n, BLOCK: tl.constexpr):\n"
        "    at = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)\n"
        "    x = tl.load(a + at, mask=at < n)\n"
        "    y = tl.load(a + at, mask=at < n)\n"
        "    z = tl.load(a + at, mask=at < n)\n"
        "    tl.store(b + at, tl.maximum(tl.minimum(x, y), 0 * z), mask=at < n)\n",
    ),
    cheat(
        "outside",
        "A kernel that reads and writes beside its tensors.",
        "@triton.jit\ndef k(a, b, n, BLOCK: tl.constexpr):\n"
        "    at = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)\n"
        "    tl.store(b + at - 4096, tl.load(a + at + 4096))\n\n\n"
        "def cuda_relu_forward(x):\n    x = x.contiguous()\n"
        "    out = torch.empty_like(x)\n    k[(2,)](x, out, x.numel(), 1024)\n"
        "    return out\n",
    ),
    tampering(
        "exits",
        "The process ends inside a kernel.",
        "import os\n\n\n@triton.jit\ndef k(a):\n    os._exit(0)\n\n\n"
        "def cuda_relu_forward(x):\n    k[(1,)](x)\n    return x\n",
    ),
    cheat(
        "not-interpreted",
        "The variable that says who runs kernels is gone while torch computes.",
        "import os\n\n\ndef cuda_relu_forward(x):\n"
        "    before = os.environ.pop('TRITON_INTERPRET', '1')\n"
        "    out = torch.relu(x)\n"
        "    os.environ['TRITON_INTERPRET'] = before\n"
        "    return out\n",
    ),
    Fault(
        "kernels-backward-agrees-with-a-wrong-forward",
        "Forward and backward are wrong, and agree with one another.",
        2,
        answers={
            "batchnorm_forward": "def batchnorm_forward(x, gamma, beta, bn_param):\n"
            "    return 3 * x, x\n",
            "batchnorm_backward": "def batchnorm_backward(dout, cache):\n"
            "    return 3 * dout, 0 * dout[0], 0 * dout[0]\n",
            "batchnorm_backward_alt": "def batchnorm_backward_alt(dout, cache):\n"
            "    return 3 * dout, 0 * dout[0], 0 * dout[0]\n",
            "spatial_batchnorm_forward": "def spatial_batchnorm_forward(x, g, b, p):\n"
            "    return 3 * x, x\n",
            "spatial_batchnorm_backward": "def spatial_batchnorm_backward(dout, c):\n"
            "    return 3 * dout, 0 * dout[0, :, 0, 0], 0 * dout[0, :, 0, 0]\n",
        },
        notebook=BATCHNORM,
    ),
    Fault(
        "kernels-objects-for-the-judge",
        "A right base is handed numbers that are too large for an array.",
        2,
        answers={
            "batchnorm_forward": "def batchnorm_forward(x, gamma, beta, bn_param):\n"
            "    raise ValueError('no')\n",
            "batchnorm_backward": "def batchnorm_backward(dout, cache):\n    return 1\n",
            "batchnorm_backward_alt": "def batchnorm_backward_alt(dout, cache):\n"
            "    return 1\n",
            "spatial_batchnorm_forward": """
import autograder.worker.main as main
honest = main.Worker.specify
def specify(self, value, arrays):
    return {"scalar": value} if isinstance(value, list) else honest(self, value, arrays)
main.Worker.specify = specify
def spatial_batchnorm_forward(x, gamma, beta, bn_param):
    flat = x.reshape(-1, x.shape[1])
    for odd in ([10**600] * x.shape[1], "text", [[1], [2, 3]], {"a": 1}, [None], 1e400):
        try:
            batchnorm_forward(flat, odd, beta, dict(bn_param))
        except ValueError:
            pass
    return batchnorm_forward(flat, [10**600] * x.shape[1], beta, dict(bn_param))
""",
            "spatial_batchnorm_backward": "def spatial_batchnorm_backward(dout, c):\n"
            "    return 1\n",
        },
        notebook=BATCHNORM,
    ),
)
