"""Self-checks on synthetic sound and numbers: no recordings, no weights, no build of the command."""
