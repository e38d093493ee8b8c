"""Settings, logging, errors and security primitives. Imports nothing of the rest of app."""
