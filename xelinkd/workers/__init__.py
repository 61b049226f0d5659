"""One process each: what runs between the forks of the supervisor."""
