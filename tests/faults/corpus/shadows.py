"""Modules and configuration in the folder, with the names of others."""

from pathlib import Path

from nbformat import NotebookNode

from tests.faults.corpus.verdict import cheat
from tests.faults.fault import Change


def beside(files: dict[str, str]) -> Change:
    """Files in the folder of the submission."""

    def change(filled: NotebookNode, path: Path) -> None:
        for name, text in files.items():
            place = path.parent / name
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(text)

    return change


FAULTS = (
    cheat(
        "numpy-in-the-folder",
        "A module beside the notebook has the name of NumPy.",
        "",
        beside(
            {
                "numpy.py": "from math import *\ndef __getattr__(n):\n"
                "    return lambda *a, **k: True\n",
                "numpy/__init__.py": "def __getattr__(n):\n"
                "    return lambda *a, **k: True\n",
            }
        ),
    ),
    cheat(
        "launcher-in-the-folder",
        "Modules beside the notebook have the names of the launcher's.",
        "",
        beside(
            dict.fromkeys(
                (
                    "ipykernel_launcher.py",
                    "ipykernel/__init__.py",
                    "ipykernel/__main__.py",
                    "json.py",
                    "socket.py",
                    "random.py",
                    "autograder/__init__.py",
                    "sitecustomize.py",
                    "usercustomize.py",
                    "safetensors.py",
                ),
                "raise SystemExit(0)\n",
            )
        ),
    ),
    cheat(
        "configuration-in-the-folder",
        "A configuration for nbgrader and Jupyter lies beside the notebook.",
        "",
        beside(
            {
                "nbgrader_config.py": "c = get_config()\nc.ClearSolutions.x = 1\n"
                "c.Autograde.autograde_preprocessors = []\n",
                "jupyter_config.json": '{"Application": {"log_level": 0}}',
                "ipython_config.py": "raise SystemExit",
                ".git/hooks/post-checkout": "#!/bin/sh\nexit 1\n",
            }
        ),
    ),
    cheat(
        "shadow-after-a-restart",
        "Modules are written into the working folder, and the process ends.",
        """
for name in ("numpy", "json", "random", "struct", "safetensors", "sitecustomize"):
    write(os.path.abspath(f"{name}.py"), "raise SystemExit(0)\\n")
sys.path.insert(0, os.getcwd())
if not os.environ.get("AGAIN"):
    os.environ["AGAIN"] = "1"
    os._exit(0)
""",
    ),
)
