"""The edge: Flask app, worker and command line of 一站."""
