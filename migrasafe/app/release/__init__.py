"""Verdicts as steps and sentences for people."""
