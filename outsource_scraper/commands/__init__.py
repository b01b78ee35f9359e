"""`scrapy <command>`: what an operator types."""
