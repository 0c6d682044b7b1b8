"""The corpus of faults against stock nbgrader, beside this course's grader.

    python benchmarks/stock_faults.py [--jobs 2] [--only NAME ...] [--ours] [--table]

Each fault is graded by ``nbgrader autograde`` in a class of its own with an
honest classmate after it, in a jail (:mod:`tests.faults.jail`), because stock
nbgrader runs it with the instructor's rights. ``--ours`` grades the corpus
with this course's grader. What was found is kept in
``benchmarks/results/faults.json``, so a run that was stopped goes on;
``--table`` writes ``benchmarks/results/faults.md`` from it without a run.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests.faults import jail, stock  # noqa: E402
from tests.faults.corpus import BY_NAME, FAULTS  # noqa: E402
from tests.faults.fault import BATCHNORM, Fault, mate  # noqa: E402
from tests.faults.place import ROOT as COURSE  # noqa: E402
from tests.faults.plan import BATCHES, OF, run  # noqa: E402

KEPT = ROOT / "benchmarks" / "results" / "faults.json"
TABLE = ROOT / "benchmarks" / "results" / "faults.md"
MATE = "zz-mate"
SECONDS = 90
EACH = 20
TOGETHER = 8
QUIET = {
    "reading",
    "memory",
    "verdict",
    "numbers",
    "frames",
    "form",
    "honest",
    "kernels",
}
LOCK = threading.Lock()

Found = dict[str, dict[str, Any]]
"""By case: score, the classmate's score, whether the batch ended, leaks."""


def total(points: dict[str, Any] | None) -> float | None:
    """The score of a student; None when there is none."""
    if not points or None in points.values():
        return None
    return float(sum(points.values()))


def of_stock(faults: Sequence[Fault], template: Path) -> Found:
    """Faults and a classmate, graded by stock nbgrader in a jail.

    Several go into one class to save time. When that class shows any harm to
    another, each is graded again in a class of its own.
    """
    found = _in_one_class(faults, template)
    if found is None:
        return {k: v for f in faults for k, v in of_stock([f], template).items()}
    return found


def _in_one_class(faults: Sequence[Fault], template: Path) -> Found | None:
    base = Path(tempfile.mkdtemp(prefix="faults-stock-", dir="/tmp"))
    base.chmod(0o755)
    try:
        shutil.copytree(template, base, dirs_exist_ok=True)
        (base / "names.json").write_text(json.dumps([*(f.name for f in faults), MATE]))
        command = [
            *(sys.executable, "-m", "tests.faults.batch"),
            *(str(base), faults[0].notebook),
        ]
        subprocess.run(
            jail.jailed(base, command, COURSE, SECONDS + EACH * len(faults)),
            stdin=subprocess.DEVNULL,
            capture_output=True,
        )
        path = base / "result.json"
        result = json.loads(path.read_text()) if path.is_file() else None
    finally:
        jail.remove(base)
    if len(faults) == 1:
        return {faults[0].name: summary(faults[0], result)}
    full = mate(MATE, faults[0].notebook).points
    if result is None or total(result["points"].get(MATE)) != full:
        return None
    if result["changed"] or result["left"]:
        return None
    return {f.name: summary(f, result) for f in faults}


def summary(fault: Fault, result: dict[str, Any] | None) -> dict[str, Any]:
    """What the run left behind; no result means that it did not end."""
    if result is None:
        return {"score": None, "mate": None, "ended": False, "leaks": []}
    leaks = list(result["leaks"].get(fault.name, []))
    leaks += [f"changed {Path(p).name}" for p in result["changed"]]
    leaks += ["left a process running"] if result["left"] else []
    failed = f"for student '{fault.name}'" in result["log"].rpartition("Setting")[2]
    alone = set(result["points"]) <= {fault.name, MATE}
    return {
        "score": total(result["points"].get(fault.name)),
        "mate": total(result["points"].get(MATE)),
        "ended": result["codes"] == [0] if alone else not failed,
        "leaks": sorted(set(leaks)),
    }


def of_ours() -> Found:
    """The corpus, graded by this course."""
    return ours_from({batch.name: run(batch) for batch in BATCHES})


def ours_from(results: dict[str, dict[str, Any]]) -> Found:
    """The same lines, from what :func:`tests.faults.plan.run` returned."""
    found: Found = {}
    for batch in BATCHES:
        result = results[batch.name]
        mates = [total(result["points"].get(m)) for m in batch.mates]
        full = mate(MATE, batch.notebook).points
        for name in batch.faults:
            found[name] = {
                "score": total(result["points"].get(name)),
                "mate": full
                if all(m == full for m in mates)
                else min(map(number, mates)),
                "ended": result["codes"] == [0],
                "leaks": result["leaks"].get(name, []),
            }
    return found


def number(score: float | None) -> float:
    return -1.0 if score is None else score


def kept() -> dict[str, Found]:
    if KEPT.is_file():
        found: dict[str, Found] = json.loads(KEPT.read_text())
        return found
    return {"stock": {}, "ours": {}}


def keep(found: dict[str, Found]) -> None:
    KEPT.write_text(json.dumps(found, indent=1, sort_keys=True) + "\n")


def templates(folder: Path, notebooks: set[str]) -> dict[str, Path]:
    made = {}
    for notebook in sorted(notebooks):
        made[notebook] = folder / notebook.partition("/")[0]
        stock.build(made[notebook], notebook)
    return made


def run_stock(found: dict[str, Found], faults: list[Fault], jobs: int) -> None:
    with tempfile.TemporaryDirectory(prefix="faults-stock-", dir="/tmp") as folder:
        made = templates(Path(folder), {f.notebook for f in faults})

        def one(group: list[Fault]) -> None:
            # The template's base differs, and nothing in it names the folder.
            seen = of_stock(group, made[group[0].notebook])
            with LOCK:
                found["stock"].update(seen)
                keep(found)
            print(*(f"{k} {v['score']}" for k, v in seen.items()), flush=True)

        with ThreadPoolExecutor(jobs) as pool:
            list(pool.map(one, groups(faults)))


def groups(faults: list[Fault]) -> list[list[Fault]]:
    """What can go into one class: faults that are after nobody else."""
    made: dict[tuple[str, int], list[Fault]] = {}
    for i, fault in enumerate(faults):
        single = fault.walls or fault.kind not in QUIET
        same = sum(
            len(g) for k, g in made.items() if k[0] == fault.kind + fault.notebook
        )
        number = -i - 1 if single else same // TOGETHER
        made.setdefault((fault.kind + fault.notebook, number), []).append(fault)
    return sorted(made.values(), key=len, reverse=True)


def counts(found: Found) -> dict[str, int]:
    """How often each thing went wrong."""
    cases = [(BY_NAME[n], f) for n, f in found.items() if n in BY_NAME]
    scores = [(c.points, number(f["score"])) for c, f in cases]
    full = {c.name: mate(MATE, c.notebook).points for c, _ in cases}
    return {
        "cases": len(cases),
        "more points than earned": sum(got > due for due, got in scores),
        "earned points lost": sum(max(got, 0) < due for due, got in scores),
        "the classmate lost points": sum(f["mate"] != full[c.name] for c, f in cases),
        "no grade, or the command failed": sum(not f["ended"] for _, f in cases),
        "leaked or left something": sum(bool(f["leaks"]) for _, f in cases),
    }


def table(found: dict[str, Found]) -> str:
    """The summary, and a line for each case."""
    by = {who: counts(found[who]) for who in ("stock", "ours")}
    lines = [
        "# Faults: stock nbgrader 0.9.6 and this course",
        "",
        "Each case is one submission with an honest classmate beside it. Stock",
        "nbgrader grades it with cells that assert, some of them hidden, and a time",
        "limit of 10 seconds a cell. `python benchmarks/stock_faults.py --ours`",
        "makes this table.",
        "",
        "| | stock nbgrader | this course |",
        "|---|---:|---:|",
        *(f"| {k} | {by['stock'][k]} | {by['ours'][k]} |" for k in by["ours"]),
        "",
        "A dash means that there is no grade. “Classmate” says whether the honest",
        "one kept full marks.",
        "",
        "| case | what | due | stock | classmate | ended | leaks | ours |",
        "|---|---|---:|---:|---|---|---|---:|",
    ]
    for fault in FAULTS:
        lines.append(
            line(fault, *(found[w].get(fault.name) for w in ("stock", "ours")))
        )
    return "\n".join([*lines, ""])


def line(fault: Fault, stock_: Any, ours: Any) -> str:
    full = mate(MATE, fault.notebook).points
    seen = stock_ or {"score": None, "mate": None, "ended": None, "leaks": []}
    cells = [
        fault.name,
        fault.what,
        f"{fault.points:g}",
        shown(seen["score"]) if stock_ else "not run",
        "kept" if seen["mate"] == full else f"**{shown(seen['mate'])}**",
        "yes" if seen["ended"] else "**no**",
        "; ".join(seen["leaks"])[:120],
        shown(ours["score"]) if ours else "not run",
    ]
    if not stock_:
        cells[4:7] = ["", "", ""]
    elif seen["score"] != fault.points:
        cells[3] = f"**{cells[3]}**"
    return "| " + " | ".join(cells) + " |"


def shown(score: float | None) -> str:
    return "–" if score is None else f"{score:g}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--only", nargs="*", default=[])
    parser.add_argument("--again", action="store_true", help="forget what is kept")
    parser.add_argument("--ours", action="store_true")
    parser.add_argument("--table", action="store_true", help="write the table alone")
    options = parser.parse_args()
    found = {"stock": {}, "ours": {}} if options.again else kept()
    faults = [BY_NAME[n] for n in options.only] or [
        f
        for f in FAULTS
        # What follows from a wrong base means nothing to stock nbgrader.
        if f.name not in found["stock"] and f.notebook != BATCHNORM
    ]
    assert set(OF) >= set(BY_NAME)
    if not options.table:
        run_stock(found, faults, options.jobs)
    if options.ours:
        found["ours"] = of_ours()
        keep(found)
    TABLE.write_text(table(found))


if __name__ == "__main__":
    main()
