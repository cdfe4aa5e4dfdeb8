"""Where a model looks: saliency maps, and how they are judged."""
