"""Tables, figures and the one-file page."""
