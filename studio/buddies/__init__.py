"""Neural Best-Buddies: sparse cross-domain correspondence."""
