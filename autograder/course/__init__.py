"""What an instructor runs: release, nbgrader's steps, the dry run, bundles."""

import sys

# Where nbformat is imported, jsonschema builds the grammar of IRIs from this
# package: over a second in every process, for a format that notebooks lack.
# It does without when the package is missing.
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]
