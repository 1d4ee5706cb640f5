"""One file per web-server format. The folder is the registry; private names are skipped."""
