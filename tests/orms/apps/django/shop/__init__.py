"""The one application of the Django project."""
