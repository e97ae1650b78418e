"""How a job ends, and what is looked at before it is called done."""
