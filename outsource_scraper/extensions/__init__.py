"""What watches a crawl: which projects are known, how the run ended, how far it is."""
