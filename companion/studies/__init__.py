"""Experiments that chapters report: many trainings, one table."""
