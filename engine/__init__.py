"""wisectl keeps a WISEflow licence in the state that YAML manifests in git describe."""

__version__ = "0.1.0"
