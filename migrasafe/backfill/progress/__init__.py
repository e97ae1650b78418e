"""What people are told: status, history, metrics, advice."""
