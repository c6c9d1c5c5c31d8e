"""Examples: function handlers (``functions/``) and the demo that runs them (``demo/``)."""
