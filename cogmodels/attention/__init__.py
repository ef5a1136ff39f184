"""Attention mechanisms behind one interface: the ablation axis of every transformer here."""
