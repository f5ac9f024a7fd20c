"""The seeded institution "Northfield" that both sandbox servers hold."""

from engine.sandbox.institution.build import Institution, build_institution

__all__ = ["Institution", "build_institution"]
