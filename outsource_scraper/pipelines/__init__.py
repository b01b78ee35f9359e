"""What happens to an item on its way into the database: validate, enrich, store."""
