"""HTTP: thin routes that parse, authorise, call the layers below, and answer."""
