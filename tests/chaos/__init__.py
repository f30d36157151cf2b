"""A send in a storm: everything that can be killed is killed, and afterwards everybody is accounted for."""
