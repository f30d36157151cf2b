"""How much mail may leave, and when: limits, turns, warm-up plans, slow-downs, and what stops a sender."""
