"""What an instructor runs: release, nbgrader's steps, the dry run, bundles."""
