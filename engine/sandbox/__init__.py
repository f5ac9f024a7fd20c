"""WISEflow and UNIWeb as local servers that behave as their documents say."""
