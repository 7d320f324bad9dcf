"""Taking in prose: sentences with ids and digests, and the words for how likely something is.

Import the module you need (`lexicon`, `sentences`, `pins`, `starter`); this front door stays empty
so that looking up a word loads nothing else.
"""
