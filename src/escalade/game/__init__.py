"""The extensive form with private types: nouns, compilation from a scenario, `.efg` files."""
