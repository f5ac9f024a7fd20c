"""A plan, its outcomes and problems as text: for terminals, and as JSON."""
