"""PostgreSQL: the connection, the tables, and all SQL; it knows nothing of Scrapy."""
