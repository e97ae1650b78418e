"""What plans know of views, functions, policies, partitions and sequences: as SQL, and as questions to the catalog."""
