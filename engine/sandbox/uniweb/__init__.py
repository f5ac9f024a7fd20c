"""UNIWeb as a local server: token, resource and picture endpoints over the members it holds."""
