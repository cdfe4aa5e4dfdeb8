"""What a score is worth: metrics with intervals, calibration, comparison, decisions."""
