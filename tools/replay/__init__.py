"""Replays real projects' migrations on a real server, and compares what lint predicts with what the server does."""
