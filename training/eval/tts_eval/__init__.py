"""Measures what docs/QUALITY.md publishes: leak, identity, control, words and cost of the `tts` command, seen from outside."""
