"""Write typed clients of a project's consumers, in the language of who calls them."""
