"""What the site offers beside the pages: the student's wheel and the zips."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from autograder.course.folders import ASSIGNMENTS
from autograder.course.release import wheel_name
from autograder.reference.scripts import ROOT

EPOCH = (1980, 1, 1, 0, 0, 0)
"""The time of every file in a zip, so that the same content is the same zip."""

HOW_TO = """\
Open the notebook in Jupyter and run its cells from the top. It needs Python
3.11 or newer with NumPy, safetensors and Jupyter{more}:

    pip install numpy safetensors notebook{packages}
    jupyter notebook

The folder autograder holds the checks; keep it beside the notebook.
"""


def assignments() -> list[str]:
    """The released assignments."""
    return sorted(p.name for p in ASSIGNMENTS.iterdir() if p.is_dir())


def write_wheel(folder: Path) -> Path:
    """Build the wheel that students install."""
    folder.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps"]
    command += ["--no-build-isolation", "--wheel-dir", str(folder.resolve()), "."]
    with tempfile.TemporaryDirectory() as place:
        # A build leaves folders behind, whose old files would be in the next one.
        for name, content in _package().items():
            path = Path(place) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        shutil.copy(ROOT / "pyproject.toml", place)
        subprocess.run(command, check=True, cwd=place, capture_output=True, text=True)
    return folder / wheel_name()


def _package() -> dict[str, bytes]:
    """The files that a student installs, by their place in the repository."""
    package = ROOT / "autograder"
    files = [package / "__init__.py", *sorted(package.glob("student/**/*.py"))]
    return {p.relative_to(ROOT).as_posix(): p.read_bytes() for p in files}


def write_zip(assignment: str, folder: Path) -> Path:
    """One assignment with the checks beside it, ready to unpack and open."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{assignment}.zip"
    files = {
        f"{assignment}/{p.name}": p.read_bytes()
        for p in sorted((ASSIGNMENTS / assignment).iterdir())
    }
    files |= {f"{assignment}/{name}": content for name, content in _package().items()}
    files[f"{assignment}/README.txt"] = _how_to(assignment).encode()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            info = zipfile.ZipInfo(name, EPOCH)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = 0o644 << 16
            archive.writestr(info, content)
    return path


def _how_to(assignment: str) -> str:
    uses_torch = any(
        "import torch" in p.read_text("utf-8")
        for p in (ASSIGNMENTS / assignment).glob("*.ipynb")
    )
    more, packages = (", PyTorch and Triton", " torch") if uses_torch else ("", "")
    return HOW_TO.format(more=more, packages=packages)
