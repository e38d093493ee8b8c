"""Projects, their files, and the revisions that jobs run."""
