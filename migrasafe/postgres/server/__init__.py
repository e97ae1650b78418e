"""PostgreSQL servers: found, started, watched over, and gone without a trace afterwards."""
