"""The channel to the judge: forged, early, endless, slow and broken frames."""

from tests.faults.fault import WRONG, Fault


def forger(name: str, what: str, act: str) -> Fault:
    """While the first function runs, it speaks for the worker."""
    lines = "\n".join(f"    {line}" for line in act.strip().splitlines())
    answers = WRONG | {
        "relative_error": f"def relative_error(x, y):\n{lines}\n    return 0.25\n"
    }
    return Fault(f"frames-{name}", what, 0, "pass", answers)


def value(described: str) -> str:
    """A reply whose header has the right form, and claims something."""
    head = "header = {'id': request(), 'outputs': {'error': VALUE}, 'inputs': {}, "
    head += "'fault': None, 'printed': '', 'warned': [], 'measured': {}, "
    head += "'called': ['relative_error'], 'where': 'NumPy'}\n"
    return head.replace("VALUE", described)


FAULTS = (
    forger("garbage", "Bytes that mean nothing.", "say(os.urandom(5000))\nos._exit(0)"),
    forger(
        "flood",
        "Bytes without end.",
        "for _ in range(10**6): say(b'\\xff' * 65536)",
    ),
    forger(
        "huge-header",
        "A frame that announces a header of 4 GB.",
        "say(struct.pack('!IQ', 2**32 - 1, 0) + b' ' * 10**6)\nos._exit(0)",
    ),
    forger(
        "huge-body",
        "A frame that announces a body of 16 exabytes.",
        "say(struct.pack('!IQ', 2, 2**64 - 1) + b'{}' + b' ' * 10**6)\nos._exit(0)",
    ),
    forger(
        "slow",
        "A frame that comes one byte at a time.",
        "for _ in range(60):\n    say(b'\\0')\n    time.sleep(0.2)",
    ),
    forger(
        "claims-points",
        "A reply that names the points.",
        "say(frame({'id': request(), 'earned': 6, 'passed': True, 'score': 6}))\n"
        "os._exit(0)",
    ),
    forger(
        "claims-a-value",
        "A reply with an invented value and unchanged inputs.",
        value("['number', None, '']") + "say(frame(header))\nos._exit(0)",
    ),
    forger(
        "own-arrays",
        "A reply whose arrays are shaped to overflow a reader.",
        value("['NumPy array', 'a', 'float64']")
        + "for shape, end in (([2**31, 2**31], 8), ([0, 2**62], 0), ([-1], 8), ([1], 10**12)):\n"
        "    body = json.dumps({'a': {'dtype': 'F64', 'shape': shape, 'data_offsets': [0, end]}})\n"
        "    body = body.encode().ljust(200)\n"
        "    say(frame(header, struct.pack('<Q', len(body)) + body + b'\\0' * 8))\n"
        "os._exit(0)",
    ),
    forger(
        "odd-numbers",
        "A reply with arrays of 8 and 16 bits, and of no known kind.",
        value("['NumPy array', 'a', 'float64']")
        + "kind = ('BF16', 'F8_E4M3', 'C64', 'NONE')[len(LEFT) % 4]\n"
        "body = json.dumps({'a': {'dtype': kind, 'shape': [1], 'data_offsets': [0, 2]}})\n"
        "body = body.encode().ljust(100)\n"
        "say(frame(header, struct.pack('<Q', len(body)) + body + b'\\0' * 2))\n"
        "os._exit(0)",
    ),
    forger(
        "deep-json",
        "A header of a million brackets.",
        "say(frame(b'[' * 10**6 + b']' * 10**6))\nos._exit(0)",
    ),
    forger(
        "long-number",
        "A header with a number of a million digits.",
        "say(frame(b'{\"id\": ' + b'9' * 10**6 + b'}'))\nos._exit(0)",
    ),
    forger(
        "deep-outputs",
        "Outputs in outputs, 900 deep, under the right id.",
        "deep = []\nfor _ in range(900): deep = [deep]\n"
        "say(frame({'id': request(), 'outputs': deep, 'measured': deep, 'warned': deep}))\n"
        "os._exit(0)",
    ),
    forger(
        "wrong-types",
        "Every field of the reply is of another type.",
        "say(frame({'id': request(), 'outputs': {'error': {'a': 1}}, 'inputs': 7, "
        "'fault': [], 'printed': {}, 'warned': 'x', 'measured': {'f': 3}, "
        "'called': {}, 'where': None}))\nos._exit(0)",
    ),
    forger(
        "lone-surrogates",
        "Texts that no file can hold, and NaN where a number belongs.",
        'say(frame(b\'{"id": "\' + request().encode() + b\'", "printed": "\\\\ud800", \''
        'b\'"outputs": {"error": ["number", null, "\\\\ud800"]}, "inputs": {}, \''
        'b\'"where": "\\\\udfff", "warned": ["\\\\ud800"], "called": [], \''
        'b\'"measured": {"f": NaN}}\'))\nos._exit(0)',
    ),
    forger(
        "excuses",
        "A reply says that the exercise was not run, or is not to be counted.",
        "say(frame({'id': request(), 'outputs': {}, 'inputs': {}, 'fault': {'kind': "
        "'not run', 'function': 'relative_error'}, 'where': 'not run: no GPU'}))\n"
        "os._exit(0)",
    ),
    forger(
        "pickle",
        "A pickle in place of a frame, and in the place of its arrays.",
        "import pickle\nclass Trap:\n    def __reduce__(self):\n"
        "        return (os.system, (f'echo was-here > {DROP}/{NAME}',))\n"
        "data = pickle.dumps(Trap())\nsay(frame({'id': request()}, data))\n"
        "say(struct.pack('!IQ', 2, len(data)) + b'{}' + data)\nos._exit(0)",
    ),
    forger(
        "questions",
        "Instead of an answer it asks the judge for one.",
        "for name in ('relative_error', '__class__', 'eval', 'open'):\n"
        "    say(frame({'id': request(), 'upcall': name, 'arguments': [], 'keywords': {}}))\n"
        "    time.sleep(0.05)",
    ),
    Fault(
        "frames-sent-ahead",
        "Fifty replies are sent before anybody asks.",
        0,
        "for i in range(50):\n    say(frame({'id': request(), 'outputs': {}, "
        "'inputs': {}, 'fault': None}))",
        WRONG,
    ),
    Fault(
        "frames-from-a-thread",
        "A thread answers before the loop does, with the id that it finds.",
        0,
        """
def answer():
    last = ""
    for _ in range(2000):
        now = request()
        if now != last:
            say(frame({'id': now, 'fault': None, 'outputs': {}, 'inputs': {}}))
            last = now
        time.sleep(0.002)
threading.Thread(target=answer, daemon=True).start()
""",
        WRONG,
    ),
    Fault(
        "frames-patched-channel",
        "What leaves the loop is rewritten on its way.",
        0,
        """
import importlib
main = attempt(importlib.import_module, "autograder.worker.main")
def patch():
    real = main.send
    def send(channel, content, *more):
        header, arrays = content
        header = {**header, "fault": None, "passed": True, "earned": 6,
                  "called": ["relative_error", "numerical_gradient"]}
        arrays = {k: np.zeros_like(a) for k, a in arrays.items()}
        return real(channel, (header, arrays), *more)
    main.send = send
attempt(patch)
""",
        WRONG,
    ),
    Fault(
        "frames-oracle",
        "A right base is asked for answers, often and with huge arguments.",
        0,
        "RIGHT = {}",
        WRONG
        | {
            "relative_error": "def relative_error(x, y):\n    raise ValueError('base')\n",
            "gradient_check": """
def gradient_check(f, gradient, x, h=1e-5):
    asked = globals()["relative_error"]
    for i in range(10**6):
        asked(np.zeros(10**6 if i % 7 else 3), np.ones(1))
    return 0.25
""",
        },
    ),
)
