"""One module for each command; with the command line they alone print and exit."""
