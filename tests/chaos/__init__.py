"""A real broker, a real PostgreSQL, real service processes; and everything goes wrong."""
