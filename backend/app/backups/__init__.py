"""Backups: a snapshot of the database, and what it names of the store.

The database comes first. What it names in the store stays there while it is copied: content is
never changed, and the sweep does not run during a backup. Settings, secrets and Redis are in no
backup; all that Redis knows is made anew from the database.
"""
