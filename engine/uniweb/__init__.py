"""The UNIWeb API: a reader, nothing that writes."""
