"""What readers ask of the projects in the database."""
