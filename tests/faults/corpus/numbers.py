"""Answers that are no plain numbers: objects that lie, emptiness, infinities."""

from tests.faults.fault import WRONG, Fault


def answer(name: str, what: str, value: str, first: str = "") -> Fault:
    """Every function returns the same thing; ``x`` is what it was given."""
    answers = {
        key: "\n".join(
            [line for line in text.splitlines() if not line.startswith("    return")]
            + [f"    return {value}"]
        )
        for key, text in WRONG.items()
    }
    return Fault(f"numbers-{name}", what, 0, first, answers)


FAULTS = (
    answer(
        "lying-equal",
        "An object that equals everything.",
        "Liar()",
        """
class Liar:
    shape, dtype, ndim, size = (), np.dtype(float), 0, 1
    def __eq__(self, other): return True
    def __ne__(self, other): return False
    def __lt__(self, other): return True
    __le__ = __gt__ = __ge__ = __lt__
    def __float__(self): return 0.0
    def __sub__(self, other): return 0.0
    __rsub__ = __sub__
    def __abs__(self): return 0.0
    def __array__(self, dtype=None, copy=None): return np.zeros(())
    def __hash__(self): return 0
""",
    ),
    answer(
        "lying-array",
        "An object that becomes whatever it is compared with.",
        "Liar()",
        """
class Liar:
    def __array_ufunc__(self, ufunc, method, *inputs, **keywords):
        if ufunc.__name__ in ("subtract", "absolute"):
            return np.zeros(1)
        return np.True_
    def __array_function__(self, function, types, arguments, keywords):
        return True
    def __array__(self, dtype=None, copy=None):
        for frame in iter_frames():
            for value in frame.f_locals.values():
                if type(value).__name__ == "Expected" or isinstance(value, np.ndarray):
                    return np.asarray(getattr(value, "array", value))
        return np.zeros(())
def iter_frames():
    frame = sys._getframe()
    while frame:
        yield frame
        frame = frame.f_back
""",
    ),
    answer(
        "lying-subclass",
        "An array whose differences are always zero.",
        "np.zeros(np.shape(x)).view(Liar)",
        """
class Liar(np.ndarray):
    def __array_ufunc__(self, ufunc, method, *inputs, **keywords):
        if ufunc.__name__ in ("subtract", "absolute", "add", "multiply"):
            return np.zeros(1)
        return np.True_
    def __sub__(self, other): return np.zeros(np.shape(other))
    def __eq__(self, other): return np.ones(np.shape(other), bool)
    def tobytes(self): return b""
    def __array_function__(self, function, types, arguments, keywords): return True
""",
    ),
    answer(
        "lying-number",
        "A number that is near every other.",
        "Liar(0.25)",
        """
class Liar(float):
    def __sub__(self, other): return 0.0
    __rsub__ = __sub__
    def __eq__(self, other): return True
    def __abs__(self): return 0.0
    __hash__ = float.__hash__
""",
    ),
    answer("nothing", "No answer at all.", "None"),
    answer("not-a-number", "NaN, which no comparison finds larger.", "np.nan + 0 * x"),
    answer("infinite", "Infinity, in which every tolerance drowns.", "np.inf + 0 * x"),
    answer("empty", "An array without elements, in which all agree.", "np.empty((0,))"),
    answer("empty-axes", "An array of shape (0, 3).", "np.empty((0, 3))"),
    answer("masked", "A masked array: every place is hidden.", "np.ma.masked_all(3)"),
    answer("masked-one", "NumPy's masked constant.", "np.ma.masked"),
    answer("objects", "An array of objects.", "np.array([None, 'a', {}], object)"),
    answer("text", "Text that looks like numbers.", "np.array(['0.25'])"),
    answer("record", "A structured array.", "np.zeros(3, 'f8,i4')"),
    answer("dates", "Dates.", "np.array(['2026-01-01'], 'M8[D]')"),
    answer("complex", "A complex number of the right size.", "1j * (0 * x + 1)"),
    answer("truth", "True, which is 1.", "True"),
    answer(
        "all-numbers", "Many answers; one of them is right.", "np.linspace(0, 1, 10**6)"
    ),
    answer("generator", "A generator that never ends.", "iter(int, 1)"),
    answer(
        "list-of-itself",
        "A list that holds itself.",
        "LOOP",
        "LOOP = []\nLOOP.append(LOOP)",
    ),
    answer(
        "broadcast",
        "An array of 10¹² elements that takes 8 bytes.",
        "np.broadcast_to(np.float64(0.25), (10**6, 10**6))",
    ),
    answer(
        "negative-strides",
        "An array that looks at memory that is not its own.",
        "np.lib.stride_tricks.as_strided(np.zeros(1), (1 << 12,), (1 << 24,))",
    ),
    answer(
        "pickle",
        "An object that runs a command when it is read back.",
        "Trap()",
        """
import pickle
class Trap:
    def __reduce__(self):
        return (os.system, (f"echo was-here > {DROP}/{NAME}",))
data = pickle.dumps(Trap())
say(data)
""",
    ),
    answer(
        "pickle-in-array",
        "An array of objects that run a command when they are read back.",
        "np.array([Trap()], object)",
        """
class Trap:
    def __reduce__(self):
        return (os.system, (f"echo was-here > {DROP}/{NAME}",))
attempt(np.save, "values.npy", np.array([Trap()], object), allow_pickle=True)
""",
    ),
    Fault(
        "numbers-constant-on-a-known-mistake",
        "The base shows a known mistake on which the right answer is nearly always 1.",
        0,
        answers=WRONG
        | {
            "numerical_gradient": "def numerical_gradient(f, x, h=1e-5):\n"
            "    return np.zeros(x.shape)\n",
            "gradient_check": "def gradient_check(f, gradient, x, h=1e-5):\n"
            "    return 1.0\n",
        },
    ),
    Fault(
        "numbers-same-error",
        "Every function raises the same, as what builds on it would.",
        0,
        answers={
            key: text.replace("return 0", "raise ZeroDivisionError('no')  # ")
            for key, text in WRONG.items()
        },
    ),
)
