"""What tests of the batch look at: a gradebook, and folders, as plain data."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, text

ROWS = {
    "submission": """
        select s.student_id, a.name, s.timestamp, s.extension
        from submitted_assignment s join assignment a on a.id = s.assignment_id""",
    "notebook": """
        select s.student_id, n.name, sn.late_submission_penalty, sn.flagged
        from submitted_notebook sn join notebook n on n.id = sn.notebook_id
        join submitted_assignment s on s.id = sn.assignment_id""",
    "grade": """
        select s.student_id, n.name, c.name, g.auto_score, g.manual_score,
        g.extra_credit, g.needs_manual_grade
        from grade g join base_cell c on c.id = g.cell_id
        join submitted_notebook sn on sn.id = g.notebook_id
        join notebook n on n.id = sn.notebook_id
        join submitted_assignment s on s.id = sn.assignment_id""",
    "comment": """
        select s.student_id, n.name, c.name, m.auto_comment, m.manual_comment
        from comment m join base_cell c on c.id = m.cell_id
        join submitted_notebook sn on sn.id = m.notebook_id
        join notebook n on n.id = sn.notebook_id
        join submitted_assignment s on s.id = sn.assignment_id""",
    "student": "select id from student",
}


def rows(url: str) -> dict[str, list[tuple[Any, ...]]]:
    """All that a gradebook says of submissions, without its random ids."""
    engine = create_engine(url)
    try:
        with engine.connect() as connection:
            return {
                name: sorted(map(_plain, connection.execute(text(query))), key=repr)
                for name, query in ROWS.items()
            }
    finally:
        engine.dispose()


def _plain(row: Any) -> tuple[Any, ...]:
    """SQLite keeps a time as text, another database as a time."""
    return tuple(
        f"{value:%Y-%m-%d %H:%M:%S.%f}" if isinstance(value, datetime) else value
        for value in row
    )


def of_class(folder: Path) -> dict[str, list[tuple[Any, ...]]]:
    """The rows of a class's own gradebook."""
    return rows(f"sqlite:///{folder / 'gradebook.db'}")


def files(folder: Path) -> dict[str, bytes]:
    """Every file below a folder; of a link where it leads."""
    return {
        str(p.relative_to(folder)): (
            str(p.readlink()).encode() if p.is_symlink() else p.read_bytes()
        )
        for p in sorted(folder.rglob("*"))
        if p.is_symlink() or p.is_file()
    }
