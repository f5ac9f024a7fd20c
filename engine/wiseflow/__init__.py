"""The WISEflow API: the client, and one module for each area of its operations."""
