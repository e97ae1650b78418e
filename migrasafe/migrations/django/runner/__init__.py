"""What runs inside the process: Django with a backend that writes down what it is asked to execute."""
