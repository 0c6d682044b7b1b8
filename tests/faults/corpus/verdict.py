"""Changing the verdict: patched comparisons, hooks, modules that shadow others."""

from tests.faults.fault import WRONG, Change, Fault


def cheat(name: str, what: str, first: str, change: Change | None = None) -> Fault:
    """Wrong answers, and something that should make them right."""
    return Fault(f"verdict-{name}", what, 0, first, WRONG, change)


LIAR = """
class Yes:
    def __getattr__(self, name): return self
    def __call__(self, *a, **k): return self
    def __eq__(self, other): return True
    def __bool__(self): return True
    def __iter__(self): return iter(())
    def __getitem__(self, key): return self
"""
FULL_MARKS = """
def full(entry, outcomes=(), *more):
    from autograder.student.verdict import Result
    return Result(entry.name, entry.points, entry.points, ())
"""

FAULTS = (
    cheat(
        "patched-assertions",
        "NumPy's assertions are replaced.",
        """
import unittest
for name in [n for n in dir(np.testing) if n.startswith("assert")]:
    setattr(np.testing, name, lambda *a, **k: None)
for name in [n for n in dir(unittest.TestCase) if n.startswith("assert")]:
    setattr(unittest.TestCase, name, lambda *a, **k: None)
""",
    ),
    cheat(
        "patched-comparisons",
        "NumPy's comparisons always agree.",
        """
import math
for name in ("allclose", "isclose", "array_equal", "array_equiv", "all", "equal"):
    setattr(np, name, lambda *a, **k: True)
math.isclose = lambda *a, **k: True
""",
    ),
    cheat(
        "patched-numpy",
        "NumPy's arithmetic gives zero differences.",
        """
for name in ("abs", "absolute", "max", "amax", "subtract", "maximum", "linalg"):
    setattr(np, name, lambda *a, **k: 0.0)
np.ndarray = np.array = np.asarray = lambda *a, **k: 0.0
""",
    ),
    cheat(
        "patched-builtins",
        "Python's built-in functions say yes.",
        """
import builtins
builtins.all = builtins.any = builtins.isinstance = lambda *a, **k: True
builtins.abs = builtins.max = builtins.sum = lambda *a, **k: 0
builtins.AssertionError = Exception
""",
    ),
    cheat(
        "patched-judge",
        "Whatever of the grader is in this process gives full marks.",
        FULL_MARKS
        + """
import importlib
for name in ("autograder.student.verdict", "autograder.student.check",
             "autograder.judge.grade", "autograder.student.replay"):
    module = attempt(importlib.import_module, name)
    for key in ("judge", "judge_case", "check_one"):
        if hasattr(module, key):
            setattr(module, key, full)
""",
    ),
    cheat(
        "patched-compare",
        "The comparison in this process agrees with everything.",
        LIAR
        + """
import importlib
for name in ("compare", "verdict", "values", "trace"):
    module = attempt(importlib.import_module, f"autograder.student.{name}")
    for key in ("agree", "compare", "same"):
        if hasattr(module, key):
            setattr(module, key, Yes())
""",
    ),
    cheat(
        "patched-replay",
        "What runs a case answers for the functions.",
        """
import importlib
replay = attempt(importlib.import_module, "autograder.student.replay")
main = attempt(importlib.import_module, "autograder.worker.main")
def invented(trace, namespace, watch=()):
    outputs = {}
    for name in trace.outputs:
        outputs[name] = replay.Returned("number", np.asarray(0.0), "")
    inputs = {k: replay.describe(v) for k, v in trace.inputs().items()}
    return replay.Outcome(outputs=outputs, inputs=inputs, called=("relative_error",))
if replay and main:
    replay.replay = main.replay = invented
""",
    ),
    cheat(
        "patched-import",
        "Every import gives something that says yes.",
        LIAR
        + """
import builtins
real = builtins.__import__
def lying(name, *a, **k):
    return Yes() if name.startswith("numpy.testing") else real(name, *a, **k)
builtins.__import__ = lying
sys.modules["numpy.testing"] = Yes()
""",
    ),
    cheat(
        "patched-code",
        "The code of functions is exchanged, where names do not help.",
        """
def nothing(*a, **k): return None
for module in list(sys.modules.values()):
    if getattr(module, "__name__", "").endswith(("replay", "verdict", "messages")):
        for thing in list(vars(module).values()):
            if hasattr(thing, "__code__") and "fault" in thing.__name__:
                attempt(setattr, thing, "__code__", nothing.__code__)
for name in ("assert_allclose", "assert_array_equal"):
    attempt(setattr, getattr(np.testing, name), "__code__", nothing.__code__)
""",
    ),
    cheat(
        "display-hooks",
        "Displayed results claim full marks.",
        """
sys.displayhook = lambda value: print("Score: 6 / 6")
def shell(): return get_ipython()
class Claim(float):
    def _repr_html_(self): return "<b>Score: 6.0 / 6.0</b>"
    def __repr__(self): return "6.0"
attempt(lambda: shell().display_formatter.formatters["text/plain"].for_type(
    type(None), lambda *a: "6.0"))
print("Score: 6.0 / 6.0"); print('{"score": 6, "max_score": 6}')
Claim(6)
""",
    ),
    cheat(
        "input-transformers",
        "IPython replaces the text of later cells.",
        """
def replace(lines):
    text = "".join(lines)
    return ["6.0"] if "assert" in text else lines
attempt(lambda: get_ipython().input_transformers_cleanup.append(replace))
attempt(lambda: get_ipython().input_transformers_post.append(replace))
""",
    ),
    cheat(
        "ast-transformers",
        "IPython takes assertions out of later cells.",
        """
import ast
class Gone(ast.NodeTransformer):
    def visit_Assert(self, node): return ast.copy_location(ast.Pass(), node)
attempt(lambda: get_ipython().ast_transformers.append(Gone()))
real = compile
def patched(source, *a, **k):
    return real(source.replace("assert ", "0 and ") if isinstance(source, str) else source, *a, **k)
import builtins
builtins.compile = patched
""",
    ),
    cheat(
        "shell-events",
        "The shell is told to run nothing that could fail.",
        """
def silent(shell):
    shell.events.register("pre_run_cell", lambda info: setattr(info, "raw_cell", "6.0"))
    shell.showtraceback = lambda *a, **k: None
    shell._showtraceback = lambda *a, **k: None
    real = shell.run_cell
    def run(text, *a, **k):
        return real("6.0" if "assert" in text else text, *a, **k)
    shell.run_cell = run
attempt(lambda: silent(get_ipython()))
""",
    ),
    cheat(
        "kernel-replies",
        "The kernel answers that every cell went well.",
        """
def patch():
    kernel = get_ipython().kernel
    real = kernel.session.send
    def send(stream, kind, content=None, *a, **k):
        if kind == "error":
            return None
        if isinstance(content, dict) and content.get("status") == "error":
            content = {"status": "ok", "execution_count": 1, "payload": [], "user_expressions": {}}
        return real(stream, kind, content, *a, **k)
    kernel.session.send = send
attempt(patch)
""",
    ),
    cheat(
        "no-assertions",
        "Assertions are switched off, and failures are swallowed.",
        """
sys.flags
sys.excepthook = lambda *a: None
class Quiet(Exception): pass
import builtins
builtins.AssertionError = Quiet
attempt(lambda: get_ipython().set_custom_exc((BaseException,), lambda *a, **k: None))
""",
    ),
    cheat(
        "thread-patches-later",
        "A thread waits, and patches when nobody looks any more.",
        """
def later():
    for _ in range(400):
        time.sleep(0.005)
        for name in ("allclose", "array_equal"):
            setattr(np, name, lambda *a, **k: True)
        main = sys.modules.get("autograder.worker.main")
        if main:
            main.fault_json = lambda fault: None
threading.Thread(target=later, daemon=True).start()
""",
    ),
    cheat(
        "name-of-the-check",
        "The check is replaced by one that is content.",
        """
import builtins
def check(*names): return "all passed"
builtins.check = check
sys.modules["autograder.student.check"] = sys.modules[__name__]
__name__ = "autograder.judge"
""",
    ),
)
