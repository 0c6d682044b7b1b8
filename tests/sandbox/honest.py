"""What honest code does, and two submissions that would meet."""

from __future__ import annotations

LIGHT_WORK = {
    "numpy": (
        "import numpy as np\n"
        "a = np.random.default_rng(0).normal(size=(300, 300))\n"
        "np.linalg.svd(a); np.fft.fft(a); np.einsum('ij,jk', a, a)\n"
        "np.save('a.npy', a); np.savez('b.npz', a=a)\n"
        "assert (np.load('a.npy', mmap_mode='r') == np.load('b.npz')['a']).all()"
    ),
    "scipy": (
        "import numpy as np, scipy.stats, scipy.signal, scipy.optimize\n"
        "scipy.optimize.minimize(lambda x: (x ** 2).sum(), np.ones(3))\n"
        "scipy.signal.convolve2d(np.ones((9, 9)), np.ones((3, 3)))"
    ),
    "scikit-learn": (
        "from sklearn.datasets import load_digits\n"
        "from sklearn.linear_model import LogisticRegression as Model\n"
        "x, y = load_digits(return_X_y=True)\n"
        "assert Model(max_iter=500).fit(x[:300], y[:300]).score(x, y) > 0.8"
    ),
    "matplotlib": (
        "import matplotlib.pyplot as plt\n"
        "figure, axes = plt.subplots()\n"
        "axes.plot([1, 2, 4], label='$x^2$'); axes.legend()\n"
        "figure.savefig('a.png'); figure.savefig('a.pdf'); plt.show()\n"
        "assert len(open('a.png', 'rb').read()) > 5000"
    ),
    "temporary files": (
        "import tempfile\n"
        "with tempfile.TemporaryDirectory() as d: open(d + '/x', 'w').write('x')\n"
        "with tempfile.NamedTemporaryFile() as f: f.write(b'x')\n"
        "with tempfile.TemporaryFile() as f: f.write(b'x')\n"
        "with tempfile.SpooledTemporaryFile(1) as f: f.write(b'xyz')"
    ),
    "paths": (
        "from pathlib import Path\n"
        "here = Path('a/b'); here.mkdir(parents=True)\n"
        "(here / 'c.txt').write_text('ä'); (here / 'c.txt').rename('d.txt')\n"
        "assert [p.name for p in Path('.').rglob('*')] and Path('d.txt').exists()\n"
        "assert Path.home() == Path.cwd(); Path('d.txt').unlink(); here.rmdir()"
    ),
    "files as data": (
        "import csv, gzip, json, pickle, zipfile\n"
        "json.dump({'a': [1]}, open('a.json', 'w'))\n"
        "pickle.dump([1, {2}], open('a.pkl', 'wb'))\n"
        "assert pickle.load(open('a.pkl', 'rb')) == [1, {2}]\n"
        "csv.writer(open('a.csv', 'w')).writerow([1, 2])\n"
        "gzip.open('a.gz', 'wb').write(b'x'); zipfile.ZipFile('a.zip', 'w').close()"
    ),
    "threads": (
        "import threading\n"
        "from concurrent.futures import ThreadPoolExecutor as Pool\n"
        "from multiprocessing.pool import ThreadPool\n"
        "found = []\n"
        "one = threading.Thread(target=found.append, args=(1,))\n"
        "one.start(); one.join(); assert found == [1]\n"
        "with Pool(8) as pool: assert list(pool.map(abs, range(99))) == [*range(99)]"
    ),
    "time": (
        "import datetime, signal, time, timeit\n"
        "time.sleep(0.01); timeit.timeit('1', number=9); datetime.datetime.now()\n"
        "seen = []\n"
        "signal.signal(signal.SIGALRM, lambda *_: seen.append(1))\n"
        "signal.setitimer(signal.ITIMER_REAL, 0.01); signal.pause(); assert seen"
    ),
    "warnings": "import warnings\nwarnings.warn('careful')",
    "printing megabytes": "for _ in range(200): print('x' * 100_000)",
    "chance": (
        "import os, random, secrets, uuid, numpy as np\n"
        "random.random(); secrets.token_hex(); uuid.uuid4(); os.urandom(9)\n"
        "np.random.default_rng().normal(); np.random.rand(); np.random.seed(1)"
    ),
    "the machine": (
        "import os, platform, sys\n"
        "os.cpu_count(); platform.machine(); os.getpid(); sys.version\n"
        "platform.platform(); platform.node()"
    ),
    "reading the empty device": "open('/dev/null').read()",
    "writing to the empty device": "open('/dev/null', 'w').write('x')",
    "deep recursion": (
        "def f(n): return n and f(n - 1)\n"
        "try: f(10**6)\nexcept RecursionError: pass\nelse: 1 / 0"
    ),
    "the course's own part": "from autograder.student import check",
    "modules of the worker, late": (
        "import autograder.student.kernels.compiled, autograder.student.report"
    ),
    "an event loop": (
        "import asyncio\nasync def f(): await asyncio.sleep(0.01); return 1\n"
        "assert asyncio.run(f()) == 1"
    ),
    "joblib": (
        "from joblib import Parallel, delayed\n"
        "assert Parallel(n_jobs=2)(delayed(abs)(i) for i in range(3)) == [0, 1, 2]"
    ),
    "copying a file": (
        "import shutil\nopen('a', 'w').write('x')\n"
        "shutil.copyfile('a', 'b'); shutil.move('b', 'c'); shutil.rmtree('.', True)"
    ),
    "half a gigabyte": "import numpy as np\nnp.ones(1 << 26).sum()",
}

HEAVY_WORK = {
    "torch": (
        "import torch\n"
        "x = torch.randn(64, 64, requires_grad=True)\n"
        "(x @ x).relu().sum().backward(); assert x.grad.shape == x.shape\n"
        "layer = torch.nn.Conv2d(3, 8, 3)\n"
        "layer(torch.randn(2, 3, 16, 16)).mean().backward()\n"
        "repr(x); torch.linalg.svd(x); torch.get_num_threads()"
    ),
    "training": (
        "import torch\n"
        "from torch.utils.data import DataLoader, TensorDataset\n"
        "data = TensorDataset(torch.randn(64, 4), torch.randn(64, 1))\n"
        "net = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.BatchNorm1d(8),\n"
        "                          torch.nn.ReLU(), torch.nn.Linear(8, 1))\n"
        "best = torch.optim.Adam(net.parameters())\n"
        "for x, y in DataLoader(data, 16, shuffle=True):\n"
        "    best.zero_grad(); ((net(x) - y) ** 2).mean().backward(); best.step()\n"
        "torch.save(net.state_dict(), 'net.pt')\n"
        "net.load_state_dict(torch.load('net.pt'))"
    ),
    "threads of torch": (
        "import torch\ntorch.set_num_threads(2)\n"
        "(torch.randn(400, 400) @ torch.randn(400, 400)).sum()"
    ),
    "a Triton kernel": (
        "import torch, triton, triton.language as tl\n"
        "@triton.jit\n"
        "def add(x, y, out, n, BLOCK: tl.constexpr):\n"
        "    i = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)\n"
        "    m = i < n\n"
        "    tl.store(out + i, tl.load(x + i, m) + tl.load(y + i, m), m)\n"
        "x, y = torch.randn(100), torch.randn(100)\n"
        "out = torch.empty(100)\n"
        "add[(4,)](x, y, out, 100, BLOCK=32)\n"
        "assert torch.equal(out, x + y)"
    ),
}

LIMITS = {
    "memory": ("import numpy as np; np.ones(3 << 30, 'u1')", {"MemoryError"}),
    "memory by the megabyte": (
        "import numpy as np\nx = []\nwhile True: x.append(np.zeros(1 << 20, 'u1'))",
        {"MemoryError"},
    ),
    "a large file": (
        "with open('x', 'wb') as f: f.truncate(65 << 20)",
        {"OSError"},
    ),
    "many files": (
        "f = [open('/dev/null') for _ in range(300)]",
        {"OSError"},
    ),
    "threads": (
        "import threading\n"
        "end = threading.Event()\n"
        "try:\n"
        "    for _ in range(2000): threading.Thread(target=end.wait).start()\n"
        "finally: end.set()",
        {"RuntimeError"},
    ),
    # On a disk it is ended when somebody looks, a moment later.
    "much on disk": (
        "for i in range(3): open(f'x{i}', 'wb').write(bytes(30 << 20))\n"
        "import threading; threading.Event().wait()",
        {"OSError", "lost: crashed"},
    ),
    "much on disk that has no name": (
        "import os\nf = []\n"
        "for i in range(3):\n"
        "    f.append(open('x', 'wb')); os.remove('x')\n"
        "    f[-1].write(bytes(30 << 20)); f[-1].flush()\n"
        "import threading; threading.Event().wait()",
        {"OSError", "lost: crashed"},
    ),
    "many small files": (
        "for i in range(1500): open(f'x{i}', 'w')\n"
        "import threading; threading.Event().wait()",
        {"OSError", "lost: crashed"},
    ),
    "many in a folder that can't be looked into": (
        "import os\nos.mkdir('d', 0o300)\n"
        "for i in range(1500): open(f'd/x{i}', 'w')\n"
        "import threading; threading.Event().wait()",
        {"OSError", "lost: crashed"},
    ),
    "folders in folders": (
        "import os\n"
        "for _ in range(1500): os.mkdir('d'); os.chdir('d')\n"
        "import threading; threading.Event().wait()",
        {"OSError", "lost: crashed"},
    ),
}
"""Code, and how it ends; the parent forks on as if nothing was."""

MEETINGS = {
    "a file": ("open('note', 'w')", "open('note')"),
    "a file above": ("open('../note', 'w')", "open('../note')"),
    "a temporary file": ("open('/tmp/.note', 'w')", "open('/tmp/.note')"),
    "shared memory": (
        "from multiprocessing.shared_memory import SharedMemory as S\n"
        "S('autograder-note', True, 9)",
        "from multiprocessing.shared_memory import SharedMemory as S\n"
        "S('autograder-note')",
    ),
    "the environment": (
        "import os; os.environ['NOTE'] = os.putenv('NOTE', 'x') or 'x'",
        "import os; os.environ['NOTE']",
    ),
    "a module": ("import numpy; numpy.note = 1", "import numpy; numpy.note"),
    "another module": (
        "import sys, types; sys.modules['note'] = types.ModuleType('note')",
        "import note",
    ),
    "a builtin": ("import builtins; builtins.note = 1", "note"),
    "the worker": (
        "import autograder.worker.main as m; m.note = 1",
        "import autograder.worker.main as m; m.note",
    ),
    "a lock": (
        "import fcntl, numpy; f = open(numpy.__file__); fcntl.flock(f, 2)",
        "import fcntl, numpy; f = open(numpy.__file__); fcntl.flock(f, 6); 1 / 0",
    ),
    "a lock on a part": (
        "import fcntl, numpy; fcntl.lockf(open(numpy.__file__), 5)",
        "import fcntl, numpy; fcntl.lockf(open(numpy.__file__), 5)",
    ),
    "an open file": (
        "import os; r, w = os.pipe(); os.dup2(w, 77); os.write(77, b'x')",
        "import os; os.fstat(77)",
    ),
    "the cache of Triton": (
        "import os; p = os.environ['TRITON_CACHE_DIR']; os.makedirs(p)",
        "import os; os.listdir(os.environ['TRITON_CACHE_DIR'])",
    ),
}
"""What one submission leaves, and how another one would find it."""
