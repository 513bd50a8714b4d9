"""What trainings came to: accuracies with their uncertainty, mistakes, what changed inside, a report."""
