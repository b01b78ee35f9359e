"""Between the engine and the sites: recognising a site that has shut its door."""
