"""Picture files, against independent readers and writers."""
