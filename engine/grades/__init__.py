"""Grades on their way out: read, translated, compared with what was delivered, and sent."""
