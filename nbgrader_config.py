"""nbgrader's configuration: every command and formgrader read it."""

import sys
import warnings
from pathlib import Path

from sqlalchemy.exc import SAWarning

ROOT = Path(__file__).resolve().parent
sys.path.insert(0, str(ROOT))

from nbgrader.preprocessors import (  # noqa: E402
    AssignLatePenalties,
    CheckCellMetadata,
    ClearOutput,
    ClearSolutions,
    ComputeChecksums,
    LockCells,
    OverwriteCells,
    SaveCells,
)
from nbgrader.server_extensions.formgrader.handlers import (  # noqa: E402
    template_path,
)

from autograder.course.archives import SafeExtractor  # noqa: E402
from autograder.course.arrivals import mend_all, use_released_names  # noqa: E402
from autograder.course.export import ExerciseCsv  # noqa: E402
from autograder.course.folders import class_folder, database  # noqa: E402
from autograder.course.gradebook import (  # noqa: E402
    IntakeExporter,
    Judge,
    SaveJudgedGrades,
)
from autograder.course.release import (  # noqa: E402
    AddAnswers,
    ReadScript,
    write_source_notebooks,
)

# nbgrader's own queries cause it for every new submission; nothing is lost.
warnings.filterwarnings("ignore", "Object of type <Submitted", SAWarning)

c = get_config()  # type: ignore[name-defined]  # noqa: F821

c.CourseDirectory.root = str(ROOT)
c.CourseDirectory.course_id = "training-neural-networks"
c.CourseDirectory.source_directory = "solutions"
c.CourseDirectory.release_directory = "assignments"
CLASS = class_folder()
CLASS.mkdir(parents=True, exist_ok=True)
# nbgrader escapes the root in its patterns, but no other absolute path.
IN_ROOT = CLASS.relative_to(ROOT) if CLASS.is_relative_to(ROOT) else CLASS
for step in ("submitted", "autograded", "feedback"):
    setattr(c.CourseDirectory, f"{step}_directory", str(IN_ROOT / step))
c.CourseDirectory.db_url = database()
c.ZipCollectApp.downloaded_directory = str(IN_ROOT / "downloaded")
c.ZipCollectApp.extractor_plugin = SafeExtractor
# Beside a source lie its script and what Python and Jupyter leave there.
c.CourseDirectory.ignore = [
    ".ipynb_checkpoints",
    "__pycache__",
    "*.pyc",
    "*.py",
]

# Release: the percent script is the source; the answer key is added.
write_source_notebooks()
c.GenerateAssignment.preprocessors = [
    ReadScript,
    LockCells,
    ClearSolutions,
    ClearOutput,
    CheckCellMetadata,
    ComputeChecksums,
    SaveCells,
    CheckCellMetadata,
    AddAnswers,
]
c.ClearSolutions.code_stub = {
    "python": "# Write your code here.\nraise NotImplementedError()"
}

# Autograde: intake rebuilds the notebook, the judge grades it.
c.Autograde.exporter_class = IntakeExporter
c.Autograde.pre_convert_hook = use_released_names
mend_all()
c.Autograde.sanitize_preprocessors = [OverwriteCells, CheckCellMetadata]
c.Autograde.autograde_preprocessors = [
    Judge,
    SaveJudgedGrades,
    AssignLatePenalties,
    CheckCellMetadata,
]

c.ExportApp.plugin_class = ExerciseCsv

# Feedback and formgrader show what students wrote, and run nothing of it.
c.HTMLExporter.filters = {"markdown2html": "autograder.course.prose.markdown"}
c.HTMLExporter.preprocessors = ["autograder.course.prose.EscapeNames"]
c.HTMLExporter.extra_template_basedirs = [
    str(ROOT / "autograder" / "course" / "pages"),
    template_path,
]
