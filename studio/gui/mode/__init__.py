"""What the rooms of all modes are made of: the contract, the choice of a network, what is kept in the project."""
