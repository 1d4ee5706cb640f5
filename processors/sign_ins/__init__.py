"""One file per identity provider. The folder is the registry; private names are skipped."""
