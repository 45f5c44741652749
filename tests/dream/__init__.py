"""Dreams, against closed forms, plain loops and the words of the articles."""
